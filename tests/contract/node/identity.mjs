// An unmodified @azure/identity credential: the token for the resource in the first argument, as JSON.
import { ManagedIdentityCredential } from "@azure/identity";

const token = await new ManagedIdentityCredential().getToken(`${process.argv[2]}/.default`);
console.log(JSON.stringify({ token: token.token, expiresOn: token.expiresOnTimestamp }));
