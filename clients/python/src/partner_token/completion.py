"""Completion of words by Tab: the script for a shell; PowerShell's is ours, the others are Click's."""

import os
from collections.abc import Callable

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class

from partner_token.exit_codes import DONE

SHELLS = ("bash", "zsh", "fish", "powershell")
# Tab and newline apart: a help text may hold anything else.
SOURCE = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        Select-Object -Skip 1 | ForEach-Object { $_.Extent.Text })
    $kept = $env:%(complete_var)s, $env:COMP_WORDS, $env:COMP_WORD
    try {
        $env:%(complete_var)s, $env:COMP_WORDS, $env:COMP_WORD =
            'powershell_complete', ($before -join "`n"), $wordToComplete
        %(prog_name)s | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    } finally {
        $env:%(complete_var)s, $env:COMP_WORDS, $env:COMP_WORD = $kept
    }
}
"""


@add_completion_class
class PowerShellComplete(ShellComplete):
    """PowerShell 5.1 and newer, on each platform."""

    name = "powershell"
    source_template = SOURCE

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is being typed, and that one."""
        return [word for word in os.environ.get("COMP_WORDS", "").split("\n") if word], os.environ.get("COMP_WORD", "")

    def format_completion(self, item: CompletionItem) -> str:
        """One candidate a line, with its help."""
        return f"{item.value}\t{(item.help or '').replace(chr(10), ' ')}"


def completion_command(program: Callable[[], tuple[click.Command, str]]) -> click.Command:
    """The verb `completion`, which prints the script of one shell for this program."""

    @click.command()
    @click.argument("shell", type=click.Choice(SHELLS))
    def completion(shell: str) -> int:
        r"""Print the script that completes this command's words by Tab in a shell.

        \b
        bash        eval "$(PROGRAM completion bash)"                                   in ~/.bashrc
        zsh         eval "$(PROGRAM completion zsh)"                                    in ~/.zshrc
        fish        PROGRAM completion fish | source                                    in config.fish
        PowerShell  PROGRAM completion powershell | Out-String | Invoke-Expression      in $PROFILE
        """
        command, name = program()
        kind = get_completion_class(shell)
        if kind is None:
            raise click.UsageError("there is no completion for this shell")
        variable = f"_{name.replace('-', '_')}_COMPLETE".upper()
        click.echo(kind(command, {}, name, variable).source())
        return DONE

    return completion
