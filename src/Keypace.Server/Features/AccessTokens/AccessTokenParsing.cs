using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Requests;

namespace Keypace.Server.Features.AccessTokens;

/// <summary>Bodies of token calls into wire records: right types, nothing else.</summary>
internal static class AccessTokenParsing
{
    public static Outcome<NewAccessToken> New(BodyFields body)
    {
        var token = new NewAccessToken(
            body.RequiredText("name"), body.Text("role"), body.List("scopes"), body.List("api_keys"), body.List("agents"),
            body.Whole("weight"), body.LongWhole("expires_at"), body.Text("priority"));
        return body.Refusal is { } refusal ? refusal : token;
    }

    public static Outcome<AccessTokenChange> Change(BodyFields body)
    {
        var change = new AccessTokenChange(body.Text("name"), body.List("scopes"), body.Whole("weight"), body.LongWhole("expires_at"), body.Text("priority"));
        return body.Refusal is { } refusal ? refusal : change;
    }
}
