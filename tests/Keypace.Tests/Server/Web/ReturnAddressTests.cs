using Keypace.Tests.Server.Platform;

namespace Keypace.Tests.Server.Web;

/// <summary>Where the sign-in page leads back to.</summary>
public sealed class ReturnAddressTests(OwnedServer owned) : IClassFixture<OwnedServer>
{
    private readonly RunningServer _server = owned.Server;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/\t/evil.example")]
    [InlineData("/\n/evil.example")]
    [InlineData("/%09/evil.example")]
    [InlineData("/%2Fevil.example")]
    [InlineData("/.//evil.example")]
    [InlineData(" //evil.example")]
    [InlineData("keys")]
    [InlineData("/keys/main/page")]
    [InlineData("/keys/main")]
    [InlineData("/keys/")]
    [InlineData("/keys%2Fmain/page")]
    [InlineData("/%6Beys/main/page")]
    [InlineData("/Keys")]
    [InlineData("/keys/x/..")]
    [InlineData("/keys/../key/1")]
    [InlineData("/key/../keys/main/page")]
    [InlineData("/key/..%2Fkeys%2Fmain")]
    [InlineData("/key/%2e%2e")]
    [InlineData("/key/..")]
    [InlineData("/key/a/b")]
    [InlineData("/key/")]
    [InlineData("/keys\u2028")]
    [InlineData("/keys?q=\\")]
    [InlineData("/keys?q=%0d%0a")]
    [InlineData("/keys?q=\u202e")]
    [InlineData("/keys#/keys/main/page")]
    [InlineData("/v1/api-keys")]
    [InlineData("/sign-in")]
    [InlineData("/_blazor")]
    [InlineData("/assets/app.css")]
    [InlineData("/metrics")]
    [InlineData("/docs/problems/../../keys/main")]
    public async Task The_sign_in_page_leads_to_no_other_site_and_nothing_of_a_hub(string wanted) =>
        Assert.Contains("data-return=\"/\"", await _server.Http.GetStringAsync("/sign-in?return=" + Uri.EscapeDataString(wanted), Ct), StringComparison.Ordinal);

    [Theory]
    [InlineData("/")]
    [InlineData("/keys")]
    [InlineData("/keys?q=al&sort=-name")]
    [InlineData("/usage?key=a%20b%C3%A4")]
    [InlineData("/key/0199f7a5-8f00-7000-8000-000000000001")]
    [InlineData("/docs/problems/key_not_found")]
    [InlineData("/agents")]
    [InlineData("/playground")]
    [InlineData("/audit?about=api_key")]
    public async Task The_sign_in_page_leads_back_to_pages_of_ours(string wanted) =>
        Assert.Contains(
            $"data-return=\"{wanted.Replace("&", "&amp;", StringComparison.Ordinal)}\"",
            await _server.Http.GetStringAsync("/sign-in?return=" + Uri.EscapeDataString(wanted), Ct), StringComparison.Ordinal);
}
