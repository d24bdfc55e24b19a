"""What the storage of host and package has to be: no keys, no public blobs; who wrote the package is known."""

from tests.infra.check import noticing
from tests.infra.damage import Put, Removed, Source
from tests.infra.kinds import CONTAINER, DIAGNOSTICS, PACKAGE_STORAGE, STORAGE, WORKSPACE
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
        for account in deployment.all(STORAGE):
            assert account.at("properties.allowSharedKeyAccess") is False
            assert account.at("properties.allowBlobPublicAccess") is False
            assert account.at("properties.supportsHttpsTrafficOnly") is True
            assert account.at("properties.minimumTlsVersion") == "TLS1_2"
        assert deployment.one(CONTAINER).at("properties.publicAccess") == "None"


@noticing(
    Source("main.bicep", "    containerName: 'app-package'\n    workspaceId: monitoring.outputs.workspaceId\n", ""),
    Put(DIAGNOSTICS, "properties.logs.0.enabled", value=False, name="writes"),
    Put(DIAGNOSTICS, "properties.workspaceId", "another", "writes"),
    Put(CONTAINER, "name", lambda name: name.replace("stpkg", "sthost")),
    Removed(DIAGNOSTICS, "writes"),
)
def the_package_has_an_account_of_its_own_that_tells_of_every_write(project: Project) -> None:
    for deployment in project:
        account, told = deployment.one(STORAGE, PACKAGE_STORAGE), deployment.one(DIAGNOSTICS, "writes")
        assert deployment.one(CONTAINER).at("name") == f"{account.name}/default/app-package"
        assert told.id.startswith(f"{account.id}/blobServices/default/providers/")
        assert told.at("properties.workspaceId") == deployment.one(WORKSPACE).id
        enabled = {log["category"] for log in told.at("properties.logs") if log["enabled"]}
        assert enabled == {"StorageWrite", "StorageDelete"}
