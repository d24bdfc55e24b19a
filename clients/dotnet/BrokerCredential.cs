// A customer's tokens as a credential for any Azure SDK for .NET: the workload asks the broker as itself.
//
//     var own = new ManagedIdentityCredential();
//     var contoso = new BrokerCredential(own, new Uri("https://<broker>"), "api://<BROKER_CLIENT_ID>", "contoso");
//     var subscriptions = new ArmClient(contoso).GetSubscriptions();
//
// A pipeline may use WorkloadIdentityCredential or AzurePipelinesCredential instead, not a person's sign-in.
// Keep one object for each customer: the SDKs keep its tokens, and ask anew shortly before they end.

using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Azure.Core;

public sealed class BrokerCredential : TokenCredential
{
    private static readonly HttpClient Http =
        new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(60) };

    private readonly TokenCredential own;
    private readonly string ownScope;
    private readonly Uri endpoint;
    private readonly string tenant;
    private readonly string subject;

    // `subject`: whose tokens, "user" for a person's or "application" for the partner application's own.
    public BrokerCredential(TokenCredential own, Uri broker, string audience, string tenant, string subject = "user")
    {
        this.own = own;
        this.ownScope = audience.TrimEnd('/') + "/.default";
        this.endpoint = new Uri(broker, "/api/token");
        this.tenant = tenant;
        this.subject = subject;
    }

    public override AccessToken GetToken(TokenRequestContext wanted, CancellationToken cancel) =>
        this.GetTokenAsync(wanted, cancel).AsTask().GetAwaiter().GetResult();

    public override async ValueTask<AccessToken> GetTokenAsync(TokenRequestContext wanted, CancellationToken cancel)
    {
        var asking = new TokenRequestContext(new[] { this.ownScope });
        var mine = await this.own.GetTokenAsync(asking, cancel).ConfigureAwait(false);
        var scope = string.Join(" ", wanted.Scopes);
        var fields = new { this.tenant, scope, claims = wanted.Claims ?? "", @as = this.subject };
        using var request = new HttpRequestMessage(HttpMethod.Post, this.endpoint)
        {
            // A body of known length: PostAsJsonAsync sends chunks, which are answered with 411.
            Content = new StringContent(JsonSerializer.Serialize(fields), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", mine.Token);
        using var response = await Http.SendAsync(request, cancel).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            // The broker's code, what to do and the correlation id; it never tells a token.
            throw new InvalidOperationException($"HTTP {(int)response.StatusCode}: {text}");
        }

        using var answer = JsonDocument.Parse(text);
        var ends = DateTimeOffset.FromUnixTimeSeconds(answer.RootElement.GetProperty("expires_on").GetInt64());
        return new AccessToken(answer.RootElement.GetProperty("access_token").GetString()!, ends);
    }
}
