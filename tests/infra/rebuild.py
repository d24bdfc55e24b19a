"""What the compiler makes of the infrastructure, made anew: `python -m tests.infra.rebuild` (`make infra`)."""

import json
import shutil
import sys

from tests.infra.compiler import Compiler, CompilerError
from tests.infra.digest import DIGEST, digest, digested
from tests.infra.project import MAIN, TEMPLATE, parameter_files


def main() -> None:
    command = shutil.which("bicep")
    if command is None:
        sys.exit("bicep is not on PATH: https://learn.microsoft.com/azure/azure-resource-manager/bicep/install")
    try:
        with Compiler(command) as compiler:
            rebuild(compiler)
    except CompilerError as error:
        sys.exit(str(error))
    DIGEST.write_text(digest(digested()), encoding="utf-8")


def rebuild(compiler: Compiler) -> None:
    TEMPLATE.write_text(compiler.template(MAIN), encoding="utf-8")
    for parameters in parameter_files():
        content = json.dumps(compiler.snapshot(parameters), indent=2, ensure_ascii=False)
        parameters.with_suffix(".snapshot.json").write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
