"""Submits an agreement and reads it back, with nothing but grpcio and the server's reflection.

    pip install grpcio grpcio-reflection
    python3 submit.py 127.0.0.1:7410 my-ledger
"""

import sys
import uuid

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

server, ledger = sys.argv[1:3]
channel = grpc.insecure_channel(server)
pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))


def call(method, request):
    """Calls `package.Service/Method` with a dict and returns the answer."""
    service, name = method.split("/")
    rpc = pool.FindServiceByName(service).FindMethodByName(name)
    question, answer = GetMessageClass(rpc.input_type), GetMessageClass(rpc.output_type)
    stub = channel.unary_unary(f"/{method}", question.SerializeToString, answer.FromString)
    return stub(ParseDict(request, question()), timeout=10)


def day(year, month, day):
    """A civil date."""
    return {"year": year, "month": month, "day": day}


thousand = {"currency_code": "EUR", "units": 1000}
agreement = {
    "agreement_id": "python-grant", "perspective": "PERSPECTIVE_RECIPIENT",
    "provider": {"id": "XM-EXAMPLE-1"}, "recipient": {"id": "XM-EXAMPLE-2"},
    "signed_on": day(2026, 1, 15), "starts_on": day(2026, 1, 1), "ends_on": day(2027, 12, 31),
    "currency_code": "EUR", "conditionality": "CONDITIONALITY_NONE",
    "lines": [{"line_id": "main", "amount": thousand}],
}
# Keep the request id before sending: the same id again gets the same answer, for ever.
request_id = str(uuid.uuid4())
written = call("perennial.ledger.v1.LedgerService/Submit", {
    "ledger_id": ledger, "request_id": request_id,
    "commands": [{"effective_on": day(2026, 1, 15), "sign_agreement": agreement}],
})
read = call("perennial.query.v1.QueryService/GetAgreementStatement", {
    "ledger_id": ledger, "agreement_id": "python-grant", "options": {"min_position": str(written.position)},
})
committed = read.row.committed
print(f"recorded at position {written.position}, committed {committed.units}.00 {committed.currency_code}")
