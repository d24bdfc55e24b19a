// Asks broker-credential.mjs, whose path comes first, for a token, for the application's own, and for one that it may
// not have; told as JSON.
import { ManagedIdentityCredential } from "@azure/identity";

const [source, broker, audience, tenant, scope, forbidden] = process.argv.slice(2);
const { BrokerCredential } = await import(source);
const [identity, options] = [new ManagedIdentityCredential(), { broker, audience, tenant }];
const credential = new BrokerCredential(identity, options);
const token = await credential.getToken(scope);
const own = await new BrokerCredential(identity, { ...options, as: "application" }).getToken(scope);
const refusal = await credential.getToken(forbidden).then((other) => other.token, (error) => error.message);
console.log(JSON.stringify({ token: token.token, expiresOn: token.expiresOnTimestamp, own: own.token, refusal }));
