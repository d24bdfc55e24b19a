"""Where both commands start, as they are installed: Ctrl-C ends them without a word while they are still being loaded.

It imports nothing by itself, and it says by a number of its own what `exit_codes` calls INTERRUPTED.
"""

CTRL_C = 130


def broker() -> int:
    """Load partner-broker, and run it; the exit code."""
    try:
        from partner_token.broker_command import main
    except KeyboardInterrupt:
        return CTRL_C
    return main()


def token() -> int:
    """Load partner-token, and run it; the exit code."""
    try:
        from partner_token.token_command import main
    except KeyboardInterrupt:
        return CTRL_C
    return main()
