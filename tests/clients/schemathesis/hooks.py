"""What schemathesis needs to know of this API: who calls, and what each answer is held to beside the document itself."""

import os
import re
from pathlib import Path

import schemathesis
from schemathesis import GenerationMode

HERE = Path(__file__).parent
# After these a key or an app may be of no use any more, and every later call would only be refused.
ENDING = {
    "change_password",
    "delete_app",
    "delete_session",
    "report_leaked_keys",
    "revoke_key",
    "rotate_key",
    "update_key",
}
REFUSED = 422


def rules():
    """The lines of allowed.txt: operation, field, sentence."""
    for line in (HERE / "allowed.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield tuple(re.compile(part.strip(), re.DOTALL) for part in line.split(" | ")[:3])


ALLOWED = list(rules())


def operation_id(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.auth()
class Keys:
    """The caller: a key of an app for this run, and one of another app for what ends keys and apps."""

    def get(self, case, ctx):
        return os.environ["LATCHKEY_KEY_TO_END" if operation_id(case) in ENDING else "LATCHKEY_KEY"]

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


def is_allowed(operation, field, sentence):
    return any(
        by_operation.fullmatch(operation) and by_field.fullmatch(field) and by_sentence.search(sentence)
        for by_operation, by_field, by_sentence in ALLOWED
    )


def faults(answer):
    """Each fault that a refusal tells: its field and its sentence."""
    if "errors" in answer:
        return [(field, sentence) for field, told in answer["errors"].items() for sentence in told]
    return [(answer["code"], answer["error"])]


@schemathesis.check
def valid_requests_are_accepted(ctx, response, case):
    """What the document allows is refused only for a rule that JSON Schema cannot say, and each is a line of allowed.txt."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if response.status_code != REFUSED:
        return
    operation = operation_id(case)
    unforeseen = [
        f"{operation} | {field} | {sentence}"
        for field, sentence in faults(response.json())
        if not is_allowed(operation, field, sentence)
    ]
    if unforeseen:
        raise AssertionError("the document allows it, and it is refused:\n" + "\n".join(unforeseen))
