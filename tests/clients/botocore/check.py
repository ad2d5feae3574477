"""Signs requests again with botocore (Debian's python3-botocore) and compares.

The file that is named: one JSON object a line: {method, url, headers: [[name, value]], body (base64), authorization, access_key, secret_key}. The headers
are those that the signature names. Ends with 1 at the first that differs, after saying which; otherwise says how many were identical.
"""

import base64
import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def main() -> int:
    count = 0
    for line in open(sys.argv[1], encoding="utf-8"):
        if not line.strip():
            continue
        item = json.loads(line)
        algorithm, rest = item["authorization"].split(" ", 1)
        fields = dict(part.strip().split("=", 1) for part in rest.split(","))
        access_key, date, region, service, end = fields["Credential"].split("/")
        if algorithm != "AWS4-HMAC-SHA256" or end != "aws4_request" or access_key != item["access_key"]:
            print(f"request {count}: not a signature of that key: {item['authorization']}")
            return 1
        request = AWSRequest(method=item["method"], url=item["url"], data=base64.b64decode(item["body"]))
        for name, value in item["headers"]:
            request.headers[name] = value
        names = sorted(name.lower() for name, _ in item["headers"])
        if fields["SignedHeaders"] != ";".join(names) or not {"host", "x-amz-date"} <= set(names):
            print(f"request {count}: signed headers {fields['SignedHeaders']}, sent {names}")
            return 1
        request.context["timestamp"] = dict((name.lower(), value) for name, value in item["headers"])["x-amz-date"]
        auth = SigV4Auth(Credentials(item["access_key"], item["secret_key"]), service, region)
        canonical = auth.canonical_request(request)
        expected = auth.signature(auth.string_to_sign(request, canonical), request)
        if expected != fields["Signature"] or not request.context["timestamp"].startswith(date):
            print(f"request {count} differs: {item['method']} {item['url']}\n{canonical}")
            return 1
        count += 1
    print(f"{count} identical")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
