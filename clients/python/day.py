"""The Python client does its day with the dynamic client: apply, list, watch, patch, delete."""

import json
import sys

import kubernetes
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError

config = sys.argv[1]
api = kubernetes.config.new_client_from_config(config_file=config)
client = DynamicClient(api)
devices = client.resources.get(api_version="skerry.dev/v1alpha1", kind="Device")
maps = client.resources.get(api_version="v1", kind="ConfigMap")
found = {}


def device(name, site):
    return {
        "apiVersion": "skerry.dev/v1alpha1",
        "kind": "Device",
        "metadata": {"name": name, "labels": {"by": "python"}},
        "spec": {"site": site, "publicKeyDigest": "sha256:1"},
    }


found["namespaced"] = devices.namespaced
found["verbs"] = sorted(devices.verbs)
applied = devices.server_side_apply(
    body=device("py-1", "oslo"), namespace="default", field_manager="python"
)
found["applied"] = [applied.spec.site, applied.metadata.managedFields[0].manager]
try:
    devices.server_side_apply(
        body=device("py-1", "cork"), namespace="default", field_manager="other"
    )
except ConflictError as error:
    found["conflict"] = json.loads(error.body)["details"]["causes"][0]["field"]
devices.create(body=device("py-2", "bergen"), namespace="default")
listed = devices.get(namespace="default", label_selector="by=python")
found["listed"] = [[item.metadata.name, item.spec.site] for item in listed.items]
patched = devices.patch(
    name="py-2",
    namespace="default",
    body={"spec": {"site": "cork"}},
    content_type="application/merge-patch+json",
)
found["patched"] = patched.spec.site
seen = []
for event in devices.watch(
    namespace="default", label_selector="by=python", resource_version=listed.metadata.resourceVersion, timeout=20
):
    seen.append([event["type"], event["object"].metadata.name])
    if len(seen) == 1:
        devices.delete(name="py-1", namespace="default")
    if len(seen) == 2:
        break
found["seen"] = seen
strategic = maps.create(
    body={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "py"}, "data": {"a": "1"}},
    namespace="default",
)
strategic = maps.patch(name="py", namespace="default", body={"data": {"b": "2"}})
found["strategic"] = strategic.data.to_dict()
maps.delete(name="py", namespace="default")
devices.delete(namespace="default", label_selector="by=python")
try:
    devices.get(name="py-2", namespace="default")
except NotFoundError as error:
    found["gone"] = json.loads(error.body)["message"]
typed = kubernetes.client.CoreV1Api(api)
found["typed"] = [item.metadata.name for item in typed.list_namespace().items if item.metadata.name == "default"]
print(json.dumps(found))
