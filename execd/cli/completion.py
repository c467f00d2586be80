"""`execd completion`: a script that completes commands, options and ids in a shell.

Made from the parser itself, so it cannot forget one. Ids are those of the
open intents, asked from the daemon when a key is pressed.
"""

import argparse
from typing import Final, NamedTuple

from execd.cli.options import Subparsers, add_command

SHELLS: Final = ("bash", "zsh", "fish")
EPILOG = """\
bash: source <(execd completion bash)      in ~/.bashrc
zsh:  source <(execd completion zsh)       in ~/.zshrc, after compinit
fish: execd completion fish > ~/.config/fish/completions/execd.fish"""


class Entry(NamedTuple):
    """What may follow one command (or a command and its own command): words, options, and whether ids or files do."""

    path: str
    help: str
    words: tuple[str, ...]
    options: tuple[str, ...]
    has_id: bool
    has_file: bool


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "completion", run, "print a completion script for a shell", epilog=EPILOG)
    parser.add_argument("shell", choices=SHELLS)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from execd.cli.main import parser

    entries = tree(parser())
    print({"bash": bash, "zsh": zsh, "fish": fish}[args.shell](entries), end="")
    return 0


def tree(parser: argparse.ArgumentParser, path: str = "") -> list[Entry]:
    """Return the entries of a parser and of all below it, outermost first."""
    words: list[str] = []
    options: list[str] = []
    below: list[Entry] = []
    has_id = has_file = False
    for action in parser._actions:  # noqa: SLF001  # argparse has no public way to look at itself.
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # The same.
            for name, one in action.choices.items():
                words.append(name)
                below += tree(one, f"{path} {name}".strip())
            continue
        options += [word for word in action.option_strings if word.startswith("--")]
        if not action.option_strings and action.choices:
            words += [str(choice) for choice in action.choices]
        has_id = has_id or action.dest == "id"
        has_file = has_file or action.dest == "file"
    entry = Entry(path, parser.description or "", tuple(words), tuple(options), has_id, has_file)
    return [entry, *below]


def _ids(state_dir: str) -> str:
    return f"execd orders --open --ids {state_dir} 2>/dev/null"


def bash(entries: list[Entry]) -> str:
    """Return the script for bash; it needs no bash-completion."""
    cases = "\n".join(
        f"    '{entry.path}') words='{' '.join(entry.words)}'; options='{' '.join(entry.options)}'; "
        f"ids={int(entry.has_id)} ;;"
        for entry in entries
    )
    known = "|".join(f"'{entry.path}'" for entry in entries if entry.path)
    return f"""\
# bash completion of execd; made by: execd completion bash
_execd() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path="" word words="" options="" ids=0 where="" n
  for ((n = 1; n < COMP_CWORD; n++)); do
    word="${{COMP_WORDS[n]}}"
    [ "$word" = --state-dir ] && where="--state-dir ${{COMP_WORDS[n + 1]}}"
    case "${{path:+$path }}$word" in {known}) path="${{path:+$path }}$word" ;; esac
  done
  case "$path" in
{cases}
  esac
  case "$current" in
    -*) words="$options" ;;
    *) [ "$ids" = 1 ] && words="$words $({_ids("$where")})" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _execd execd
"""


def zsh(entries: list[Entry]) -> str:
    """Return the script for zsh: the one of bash, through zsh's own bridge."""
    bridge = "autoload -U +X bashcompinit && bashcompinit"
    return f"# zsh completion of execd; made by: execd completion zsh\n{bridge}\n{bash(entries)}"


def fish(entries: list[Entry]) -> str:
    """Return the script for fish."""
    lines = ["# fish completion of execd; made by: execd completion fish", "complete -c execd -f"]
    for entry in entries:
        words = entry.path.split()
        seen = (
            "__fish_use_subcommand" if not words else "; and ".join(f"__fish_seen_subcommand_from {w}" for w in words)
        )
        lines += [f"complete -c execd -n '{seen}' -a {word}" for word in entry.words]
        lines += [f"complete -c execd -n '{seen}' -l {option[2:]}" for option in entry.options]
        if entry.has_id:
            lines.append(f"complete -c execd -n '{seen}' -a '({_ids('')})'")
        if entry.has_file:
            lines.append(f"complete -c execd -n '{seen}' -F")
    return "\n".join(lines) + "\n"
