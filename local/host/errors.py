"""Why a Functions app does not start."""


class StartError(Exception):
    """The app cannot be started; `problems` says why, a sentence each, for the person who starts it."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
