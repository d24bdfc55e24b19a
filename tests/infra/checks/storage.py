"""What the host's storage has to be: no keys, no public blobs."""

from tests.infra.check import noticing
from tests.infra.damage import Put, Source
from tests.infra.kinds import CONTAINER, STORAGE
from tests.infra.project import Project


@noticing(
    Source("app/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    Put(STORAGE, "properties.allowSharedKeyAccess", value=True),
    Put(STORAGE, "properties.allowBlobPublicAccess", value=True),
    Put(STORAGE, "properties.supportsHttpsTrafficOnly", value=False),
    Put(STORAGE, "properties.minimumTlsVersion", "TLS1_0"),
    Put(CONTAINER, "properties.publicAccess", "Blob"),
)
def storage_knows_no_keys_and_no_public_blobs(project: Project) -> None:
    for deployment in project:
        account = deployment.one(STORAGE)
        assert account.at("properties.allowSharedKeyAccess") is False
        assert account.at("properties.allowBlobPublicAccess") is False
        assert account.at("properties.supportsHttpsTrafficOnly") is True
        assert account.at("properties.minimumTlsVersion") == "TLS1_2"
        assert deployment.one(CONTAINER).at("properties.publicAccess") == "None"
