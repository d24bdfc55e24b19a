// A customer's tokens as a credential for any Azure SDK for JavaScript: the workload asks the broker as itself.
//
//     import { ManagedIdentityCredential } from "@azure/identity";
//     const own = new ManagedIdentityCredential();
//     const contoso = new BrokerCredential(own, { broker: "https://<broker>", audience: "api://<BROKER_CLIENT_ID>", tenant: "contoso" });
//     const client = new SubscriptionClient(contoso);
//
// TypeScript takes it as it is: it has the form of TokenCredential. Keep one object for each customer: the SDKs keep its
// tokens, and ask anew shortly before they end.

/** @implements {import("@azure/identity").TokenCredential} */
export class BrokerCredential {
  #own;
  #ownScope;
  #endpoint;
  #tenant;
  #as;

  /**
   * @param {import("@azure/identity").TokenCredential} own the workload's own identity
   * @param {{ broker: string, audience: string, tenant: string, as?: "user" | "application" }} options `as`: whose
   *   tokens, a person's by default or the partner application's own
   */
  constructor(own, { broker, audience, tenant, as = "user" }) {
    this.#own = own;
    this.#ownScope = `${audience.replace(/\/$/, "")}/.default`;
    this.#endpoint = new URL("/api/token", broker);
    this.#tenant = tenant;
    this.#as = as;
  }

  /**
   * @param {string | string[]} scopes of one API
   * @param {import("@azure/identity").GetTokenOptions} [options]
   * @returns {Promise<import("@azure/identity").AccessToken>}
   */
  async getToken(scopes, options = {}) {
    const mine = await this.#own.getToken(this.#ownScope);
    const scope = [scopes].flat().join(" ");
    const fields = { tenant: this.#tenant, scope, claims: options.claims ?? "", as: this.#as };
    const response = await fetch(this.#endpoint, {
      method: "POST",
      headers: { Authorization: `Bearer ${mine.token}`, "Content-Type": "application/json" },
      // A text has a known length; a stream would be sent in chunks, which are answered with 411.
      body: JSON.stringify(fields),
      redirect: "error",
      signal: options.abortSignal ?? AbortSignal.timeout(60_000),
    });
    if (!response.ok) {
      // The broker's code, what to do and the correlation id; it never tells a token.
      throw new Error(`HTTP ${response.status}: ${await response.text()}`);
    }
    const answer = await response.json();
    return { token: answer.access_token, expiresOnTimestamp: answer.expires_on * 1000 };
  }
}
