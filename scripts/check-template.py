"""Transforms template.yaml as AWS does, prints how much it makes, and checks what only the result shows."""

import json
import logging
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# AWS allows 500 resources, 300 routes and 20 KB. These leave room to grow.
MAX_RESOURCES = 400
MAX_ROUTES = 250
MAX_POLICY_BYTES = 16 * 1024
# The API waits no longer for a function.
API_TIMEOUT_S = 30
MAX_DESCRIPTION = 256
# Too long for a version's description; its own description tells what to do instead.
UNDESCRIBED = {"TrustedProxies"}

findings = []

# SAM warns of a switch that only AWS itself sets.
logging.getLogger().setLevel(logging.ERROR)


def check(holds, finding):
    """Remembers what to mend in template.yaml."""
    if not holds:
        findings.append(finding)


def transformed(source):
    """The template that CloudFormation works on."""
    source = json.loads(json.dumps(source))
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # Where `sam deploy` has put the code by then.
            resource["Properties"]["CodeUri"] = "s3://bucket/code"
    source["Globals"]["Function"].pop("CodeUri")
    session = boto3.session.Session(region_name="us-east-1")
    return Translator({}, Parser(), boto_session=session).translate(source, {})


def parameters_in(value, template):
    """The parameters that a value depends on, by its conditions too."""
    if isinstance(value, list):
        return set().union(*(parameters_in(item, template) for item in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, inner in value.items():
        if name == "Ref":
            found |= {inner}
        elif name == "Fn::Sub":
            text = inner if isinstance(inner, str) else inner[0]
            found |= set(re.findall(r"\$\{(\w+)\}", text))
            found |= parameters_in(inner[1:] if isinstance(inner, list) else [], template)
        elif name == "Fn::If":
            found |= parameters_in([template["Conditions"][inner[0]], *inner[1:]], template)
        else:
            found |= parameters_in(inner, template)
    return found & set(template["Parameters"])


def longest(parameter):
    """How many characters a parameter's value may have."""
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    if parameter["Type"] == "Number":
        return len(str(parameter["MaxValue"]))
    return parameter["MaxLength"]


def resolved(value):
    """A value as text, with the longest that AWS would put in."""
    # A function's name may have 64 characters, and the longest of ours is the stack's and "-availability".
    known = {
        "AWS::Partition": "aws-us-gov",
        "AWS::Region": "ap-southeast-2",
        "AWS::AccountId": "123456789012",
        "AWS::StackName": "s" * 51,
    }
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return known.get(value["Ref"], "a" * 10)
    text, variables = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
    replace = lambda match: resolved(variables.get(match[1], {"Ref": match[1]}))
    return re.sub(r"\$\{([\w:]+)\}", replace, text)


def policies(resources):
    """Each function's resource policy by which the API may call it, as AWS writes it."""
    stack, of_function = resolved({"Ref": "AWS::StackName"}), {}
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Lambda::Permission":
            continue
        properties = resource["Properties"]
        function = properties["FunctionName"]["Ref"].removesuffix("Aliaslive")
        check(properties["FunctionName"]["Ref"] != function, f"{name}: call {function} by its alias live")
        if not properties["Principal"].startswith("apigateway."):
            continue
        of_function.setdefault(function, []).append(
            {
                "Sid": f"{stack}-{name}-{'R' * 12}"[:100],
                "Effect": "Allow",
                "Principal": {"Service": properties["Principal"]},
                "Action": properties["Action"],
                "Resource": f"arn:aws-us-gov:lambda:ap-southeast-2:123456789012:function:{'f' * 64}:live",
                "Condition": {"ArnLike": {"AWS:SourceArn": resolved(properties["SourceArn"])}},
            }
        )
    return {
        function: {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        for function, statements in of_function.items()
    }


def check_functions(template):
    """Each function answers in time, and new code and new parameters reach its callers, and are taken back."""
    resources, parameters = template["Resources"], template["Parameters"]
    of_api = policies(resources)
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Lambda::Function":
            continue
        properties = resource["Properties"]
        if name in of_api:
            check(properties["Timeout"] < API_TIMEOUT_S, f"{name}: its Timeout must be below the API's {API_TIMEOUT_S} s")
        check(properties.get("TracingConfig") == {"Mode": "Active"}, f"{name}: its Tracing must be Active")
        alias = resources.get(f"{name}Aliaslive", {})
        check("CodeDeployLambdaAliasUpdate" in alias.get("UpdatePolicy", {}), f"{name}: give it a DeploymentPreference")
        group = resources.get(f"{name}DeploymentGroup", {}).get("Properties", {})
        condition, gradual, _ = group.get("AlarmConfiguration", {}).get("Fn::If", [None, {}, None])
        watched = {alarm["Name"].get("Ref") for alarm in gradual.get("Alarms", [])}
        check(condition == "IsGradual" and watched, f"{name}: no alarm undoes its deployment")
        for alarm in watched:
            check(resources.get(alarm, {}).get("Type") == "AWS::CloudWatch::Alarm", f"{name}: {alarm} is no alarm")

        versions = [
            version["Properties"]
            for version in resources.values()
            if version["Type"] == "AWS::Lambda::Version" and version["Properties"]["FunctionName"] == {"Ref": name}
        ]
        check(len(versions) == 1, f"{name}: give it AutoPublishAlias")
        description = versions[0].get("Description", "") if versions else ""
        described = parameters_in(description, template)
        read = parameters_in(properties["Environment"], template)
        for parameter in read - described - UNDESCRIBED:
            findings.append(f"{name}: put ${{{parameter}}} into its VersionDescription, or its new value is never used")
        for parameter in described - read:
            findings.append(f"{name}: take ${{{parameter}}} out of its VersionDescription: no variable depends on it")
        length = len(re.sub(r"\$\{\w+\}", "", description.get("Fn::Sub", "") if description else ""))
        length += sum(longest(parameters[parameter]) for parameter in described)
        check(length <= MAX_DESCRIPTION, f"{name}: its VersionDescription may grow to {length} of {MAX_DESCRIPTION} characters")


def check_workers(resources):
    """What wakes workers calls them by their alias, gives up nothing silently, and a message outlives who works on it."""
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Lambda::EventSourceMapping":
            continue
        properties = resource["Properties"]
        target = properties["FunctionName"]["Ref"]
        check(target.endswith("Aliaslive"), f"{name}: call {target} by its alias live")
        check(properties.get("FunctionResponseTypes") == ["ReportBatchItemFailures"], f"{name}: let a batch fail in part")
        function = resources[target.removesuffix("Aliaslive")]["Properties"]
        queue, attribute = properties["EventSourceArn"]["Fn::GetAtt"]
        if attribute == "StreamArn":
            check("OnFailure" in properties.get("DestinationConfig", {}), f"{name}: say where what is given up goes")
            continue
        queue = resources[queue]["Properties"]
        check("RedrivePolicy" in queue, f"{name}: give its queue a dead-letter queue")
        least = 6 * function["Timeout"]
        check(queue["VisibilityTimeout"] >= least, f"{name}: its queue's VisibilityTimeout must be at least {least} s")


def names_in(value):
    """The resources that a value names, and so must come after."""
    if isinstance(value, list):
        return set().union(*(names_in(item) for item in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, inner in value.items():
        if name in ("Ref", "DependsOn"):
            found |= set(inner) if isinstance(inner, list) else {inner}
        elif name == "Fn::GetAtt":
            found |= {inner[0] if isinstance(inner, list) else inner.split(".")[0]}
        elif name == "Fn::Sub":
            found |= set(re.findall(r"\$\{(\w+)", inner if isinstance(inner, str) else inner[0]))
            found |= names_in(inner[1:] if isinstance(inner, list) else [])
        else:
            found |= names_in(inner)
    return found


def check_order(resources):
    """CloudFormation finds an order in which to make everything, aliases after what their deployments watch."""
    after = {name: names_in(resource) & set(resources) - {name} for name, resource in resources.items()}
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        findings.append(f"these wait for one another: {' -> '.join(error.args[1])}")


def check_tables(template):
    """No table can be lost or read by who finds the disk."""
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        properties = resource["Properties"]
        recovery = properties.get("PointInTimeRecoverySpecification", {})
        check(recovery.get("PointInTimeRecoveryEnabled") is True, f"{name}: turn point-in-time recovery on")
        protection = properties.get("DeletionProtectionEnabled")
        check(protection == {"Fn::If": ["IsProduction", True, False]}, f"{name}: protect it in production")
        check(properties.get("SSESpecification") == {"SSEEnabled": True}, f"{name}: encrypt it with the account's key")
        policies = resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")
        # A release that is taken back takes the tables with it that it created, or the next one could not create them.
        kept = policies == ("RetainExceptOnCreate", "Retain")
        check(kept, f"{name}: retain it when the stack goes, except when its creation is taken back")


def main():
    """Prints the counts, then what is to be mended; ends with 1 if there is anything."""
    template = transformed(yaml_parse(Path("template.yaml").read_text()))
    resources = template["Resources"]

    counts = [("resources", len(resources), MAX_RESOURCES)]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            routes = sum(len(methods) for methods in resource["Properties"]["Body"]["paths"].values())
            counts.append((f"routes of {name}", routes, MAX_ROUTES))
    for function, policy in policies(resources).items():
        size = len(json.dumps(policy, separators=(",", ":")))
        counts.append((f"bytes of {function}'s resource policy", size, MAX_POLICY_BYTES))
    for what, count, limit in counts:
        print(f"template: {count:5} of {limit:5} {what}")
        check(count < limit, f"{count} {what}, and there may be fewer than {limit}")

    check_functions(template)
    check_workers(resources)
    check_order(resources)
    check_tables(template)
    for finding in findings:
        print(f"template: {finding}", file=sys.stderr)
    return 1 if findings else 0


sys.exit(main())
