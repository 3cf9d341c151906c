"""The audit log of the service: in a real journal with its fields, and in a file that is rotated, under the unit's restrictions."""

import json

from peers import rpc
from peers.audit import having, parse, validator
from peers.client import connect_unix
from peers.wait import until
from test_service import RPCBIND, configure, serving  # noqa: F401


def refused(machine) -> None:
    """refused is one call that the guest may not make."""
    with connect_unix(machine.path("/run/gatehouse/in.sock")) as connection:
        assert connection.call(RPCBIND + 5, 2, 1, rpc.auth_sys(1000, 1000)).outcome == "PROG_UNAVAIL"


def entries(machine, *matches) -> list[dict]:
    """entries are those of the machine's journal with these fields."""
    said = machine.run("journalctl", "--output=json", "--unit=gatehoused", *matches, check=False).stdout
    return [json.loads(line) for line in said.splitlines()]


def test_journal(serving):  # noqa: F811
    """a refused call is found in the journal by guest, rule and kind, and its message is the line [L6]"""
    refused(serving)
    (entry,) = until(lambda: entries(serving, "GUEST=local", "RULE=program", "GATEHOUSE_EVENT=call-refused"), "the entry of a refusal")
    line = json.loads(entry["MESSAGE"])
    validator().validate(line)
    assert (line["guest"], line["claimed_uid"], entry["GATEHOUSE_CLAIMED_UID"]) == ("local", 1000, "1000")
    assert (entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"], entry["_SYSTEMD_UNIT"]) == ("4", "gatehoused", "gatehoused.service")
    assert entries(serving, "GATEHOUSE_EVENT=start")
    assert serving.show("gatehoused", "LogRateLimitIntervalUSec") == "0"
    assert "event=audit" not in serving.journal()


def test_file(serving):  # noqa: F811
    """under the unit's restrictions the log may be a file of /var/log/gatehouse, which logrotate rotates by what is installed [L6, L7]"""
    configure(serving, "", before='[audit]\nlog = "/var/log/gatehouse/audit.log"\n')
    file = serving.path("/etc/gatehouse/gatehouse.conf")
    file.write_text(file.read_text().replace('[audit]\nlog = "journal"\n', ""))
    serving.run("systemctl", "restart", "gatehoused")
    refused(serving)
    log = serving.path("/var/log/gatehouse/audit.log")
    until(lambda: having(parse(log.read_bytes()), "call-refused", guest="local"), "the line of a refusal")
    stat = serving.run("stat", "-c", "%a %U:%G", "/var/log/gatehouse", "/var/log/gatehouse/audit.log").stdout
    assert stat == "750 gatehouse:gatehouse\n640 gatehouse:gatehouse\n"
    serving.run("logrotate", "--force", "/etc/logrotate.d/gatehouse")
    until(lambda: log.exists() and having(parse(log.read_bytes()), "admin", act="reload"), "the first line of the new file")
    refused(serving)
    until(lambda: having(parse(log.read_bytes()), "call-refused"), "a refusal in the new file")
    assert having(parse(log.with_name("audit.log.1").read_bytes()), "call-refused")
    assert serving.show("gatehoused", "NRestarts") == "0"
