// An unmodified MSAL managed-identity application: the token for the resource in the first argument, as JSON.
import { ManagedIdentityApplication } from "@azure/msal-node";

const result = await new ManagedIdentityApplication().acquireToken({ resource: process.argv[2] });
console.log(JSON.stringify({ token: result.accessToken, expiresOn: result.expiresOn.getTime() }));
