// Asks broker-credential.mjs, whose path comes first, for a token, for the application's own, and for one of each kind
// that it may not have; told as JSON.
import { ManagedIdentityCredential } from "@azure/identity";

const [source, broker, audience, tenant, scope, forbidden, ofAPerson] = process.argv.slice(2);
const { BrokerCredential } = await import(source);
const [identity, options] = [new ManagedIdentityCredential(), { broker, audience, tenant }];
const credential = new BrokerCredential(identity, options);
const token = await credential.getToken(scope);
const application = new BrokerCredential(identity, { ...options, as: "application" });
const own = (await application.getToken(scope)).token;
const refused = (asked) => asked.then((other) => other.token, (error) => error.message);
const [refusal, ownRefusal] = [await refused(credential.getToken(forbidden)), await refused(application.getToken(ofAPerson))];
console.log(JSON.stringify({ token: token.token, expiresOn: token.expiresOnTimestamp, own, refusal, ownRefusal }));
