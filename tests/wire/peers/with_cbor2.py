"""Reads messages as hexadecimal digits, a JSON list of them, and answers with
what Python says of each value, and how it writes it itself."""

import json
import sys

import cbor2

answers = []
for digits in json.load(sys.stdin):
    value = cbor2.loads(bytes.fromhex(digits))
    answers.append({
        "text": repr(value),
        "bytes": [
            cbor2.dumps(value, value_sharing=True).hex(),
            cbor2.dumps(value, value_sharing=True, datetime_as_timestamp=True).hex(),
        ],
    })
json.dump(answers, sys.stdout)
