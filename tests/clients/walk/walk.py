"""Takes the README's walk: runs its commands as they stand there, and compares each answer with the one shown below them."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SECTION = "A walk of five minutes"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# To be filled in from what was answered: `NAME=text…   # where it stands`.
BLANK = re.compile(r"^(\w+)=\S*…\S*\s+# (.+)$", re.MULTILINE)

# Every call of curl is a step: its status and its answer are kept, and a slash is put behind its path if that is wished.
CURL = r"""
set -eu
curl() {
    local argument path arguments=()
    for argument; do
        if [[ $SLASH == yes && $argument == "$URL"/* ]]; then
            path=${argument%%\?*}
            argument=$path/${argument:${#path}}
        fi
        arguments+=("$argument")
    done
    step=$((${step:-0} + 1))
    command curl --silent --show-error --max-time 60 --output "$ANSWERS/$step" --write-out '%{http_code}\n' \
        "${arguments[@]}" >>"$ANSWERS/statuses"
}
"""


def blocks():
    """The walk's blocks of code: the language and the text of each."""
    text = (ROOT / "README.md").read_text()
    section = re.search(rf"^## {SECTION}$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    found = BLOCK.findall(section[1]) if section else []
    if not found:
        raise SystemExit(f'README.md has no code below the heading "{SECTION}", so there is no walk to take')
    return found


def shown(block):
    """The answers that a block shows: each begins where its line does, and goes on in the lines that are indented."""
    answers = re.split(r"\n(?=\S)", block.strip())
    return [json.loads(with_marks(re.sub(r"\n\s+", "", answer))) for answer in answers]


def with_marks(answer):
    """As JSON, what is JSON but for an … that stands for fields or elements left out."""
    marked, inside = "", []
    for part in re.findall(r'"[^"]*"|[^"]', answer):
        if part in "{[":
            inside.append(part)
        elif part in "}]":
            inside.pop()
        elif part == "…":
            part = '"…": null' if inside[-1] == "{" else '"…"'
        marked += part
    return marked


def fits(wanted, answered):
    """Whether this is what is shown: all of it, or with more where an … stands, and with any text where one ends with …"""
    if isinstance(wanted, dict):
        if not isinstance(answered, dict) or not ("…" in wanted or wanted.keys() == answered.keys()):
            return False
        names = wanted.keys() - {"…"}
        return all(name in answered and fits(wanted[name], answered[name]) for name in names)
    if isinstance(wanted, list):
        parts = [part for part in wanted if part != "…"]
        if not isinstance(answered, list) or not ("…" in wanted or len(parts) == len(answered)):
            return False
        return len(parts) <= len(answered) and all(map(fits, parts, answered))
    if isinstance(wanted, str) and wanted.endswith("…"):
        return isinstance(answered, str)
    return wanted == answered


def look_up(where, answer):
    """What stands in an answer at a place like `data.apps[0].slug`."""
    value = json.loads(answer)
    for name in re.findall(r"\w+", where.split()[0]):
        value = value[int(name) if name.isdigit() else name]
    return value


def take(url, key, slash=False):
    """Takes the walk. Answers how many steps it has, and what went wrong: a sentence for each step that did."""
    filled = {"URL": url, "KEY": key}
    steps, wrong, last = 0, [], "null"
    code = blocks()
    for number, (language, text) in enumerate(code):
        if language != "sh":
            continue
        for name, where in BLANK.findall(text):
            if name not in filled:
                try:
                    filled[name] = str(look_up(where, last))
                except (ValueError, LookupError, TypeError):
                    return steps + 1, [*wrong, f"{name} is to be {where}, but that was: {last}"]
        commands = re.sub(r"^URL=.*$", "", BLANK.sub("", text), flags=re.MULTILINE)
        if not commands.strip():
            continue
        with tempfile.TemporaryDirectory() as answers:
            environment = {**os.environ, **filled, "ANSWERS": answers, "SLASH": "yes" if slash else "no"}
            ended = subprocess.run(
                ["bash", "-c", CURL + commands], env=environment, cwd=answers, capture_output=True, text=True
            )
            kept = Path(answers, "statuses")
            statuses = kept.read_text().split() if kept.exists() else []
            bodies = [Path(answers, str(step + 1)) for step in range(len(statuses))]
            bodies = [body.read_text() if body.exists() else "" for body in bodies]
        language, text = code[number + 1] if number + 1 < len(code) else ("", "")
        wanted = shown(text) if language == "json" else []
        called = len(re.findall(r"^\s*curl ", commands, re.MULTILINE))
        steps += max(called, len(wanted))
        if ended.returncode != 0 or len(bodies) != called or (wanted and len(wanted) != called):
            wrong.append(f"{commands.strip()}\nshows {len(wanted)} answers and got {len(bodies)}: {ended.stderr}")
            return steps, wrong
        for step, (status, body) in enumerate(zip(statuses, bodies)):
            if not status.startswith("2"):
                wrong.append(f"{commands.strip()}\nwas answered {status}: {body}")
            elif wanted and not fits(wanted[step], json.loads(body)):
                expected = json.dumps(wanted[step], ensure_ascii=False)
                wrong.append(f"{commands.strip()}\nshows: {expected}\nbut was answered: {body}")
        last = bodies[-1]
    return steps, wrong


def main():
    sys.path.append(str(ROOT / "tests/clients/lib"))
    from program import Program

    steps, wrong = 0, []
    for slash in [False, True]:
        with tempfile.TemporaryDirectory() as data, Program(sys.argv[1], data) as server:
            taken, failed = take(server.base, server.key, slash)
            steps, wrong = steps + taken, wrong + failed
    for sentence in wrong:
        print(f"walk: FAILED: {sentence}", file=sys.stderr)
    print(f"walk: {steps - len(wrong)} of {steps} steps of the README, with and without slashes behind paths")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
