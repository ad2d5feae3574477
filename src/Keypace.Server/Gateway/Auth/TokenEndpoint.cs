using System.Text;
using System.Text.Json;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Auth;

/// <summary>One exchange of a long-lived secret for an access token (RFC 6749), at the address that the hub's file names and the envelope is bound to.</summary>
internal sealed class TokenEndpoint(HubLines lines, TimeProvider time)
{
    private const int MostAnswerBytes = 64 * 1024;
    private const int MostWords = 300;

    /// <summary>From the connection to the last byte of the answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>RFC 6749 lets the life out; Google and Entra never do.</summary>
    private static readonly TimeSpan UnknownLife = TimeSpan.FromMinutes(5);

    /// <param name="bounds">Makes a token of its text and its life.</param>
    public async Task<Outcome<FetchedToken>> FetchAsync(ServedKey key, OpenedSecrets secrets, Func<string, TimeSpan, FetchedToken> bounds)
    {
        var auth = key.Access.Auth;
        var address = new Uri(auth.TokenUrl!);
        if (FormOf(key, auth, secrets) is not { } form)
            return Refused(key, address, "the stored secrets are not complete. Enter them again");

        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            using var line = lines.OpenUnpaced();
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(form) };
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
            using var response = await line.SendAsync(request, patience.Token);
            if (!AnswerFraming.IsAnswer(response))
                return NoAnswer(key, address);
            AnswerContent.Open(response);
            var body = await AnswerCopy.ReadSmallAsync(response, MostAnswerBytes, patience.Token);
            return Read(key, address, (int)response.StatusCode, body, form, bounds);
        }
        catch (OperationCanceledException)
        {
            return new Refusal(RefusalReason.HubTimedOut, "hub_timed_out",
                $"{address.Host}, where access tokens for '{key.Name}' come from, did not answer within {Patience.TotalSeconds:0} s. Nothing was sent to {key.Hub.DisplayName}; try again.");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            if (failure is UndecodableAnswerException undecodable)
            {
                return new Refusal(RefusalReason.HubFailed, "hub_answer_undecodable",
                    $"{address.Host}, where access tokens for '{key.Name}' ({key.Hub.DisplayName}) come from, compressed its answer, and it cannot be decoded: {undecodable.Why}. Nothing was sent to {key.Hub.DisplayName}.");
            }

            if (AnswerFraming.IsInvalid(failure))
                return NoAnswer(key, address);
            for (var cause = failure; cause is not null; cause = cause.InnerException)
            {
                if (cause is EgressRefusedException)
                {
                    return new Refusal(RefusalReason.HubFailed, "egress_refused",
                        $"{address.Host}, where access tokens for '{key.Name}' come from, leads to a private or special network. If it is meant, the operator lists it in KEYPACE_EGRESS__ALLOW.");
                }
            }

            return new Refusal(RefusalReason.HubFailed, "hub_unreachable",
                $"{address.Host}, where access tokens for '{key.Name}' ({key.Hub.DisplayName}) come from, could not be reached. Check this server's network.");
        }
    }

    private static Refusal NoAnswer(ServedKey key, Uri address) => new(RefusalReason.HubFailed, "hub_answer_invalid",
        $"{address.Host}, where access tokens for '{key.Name}' ({key.Hub.DisplayName}) come from, answered with something that is no HTTP answer. Check the token address in the hub's file.");

    private List<KeyValuePair<string, string>>? FormOf(ServedKey key, HubAuth auth, OpenedSecrets secrets)
    {
        var clientId = key.Config.GetValueOrDefault("client_id");
        switch (auth.Kind)
        {
            case HubAuthKind.GoogleToken when clientId is not null && secrets["client_secret"] is { } secret && secrets["refresh_token"] is { } refresh:
                return [new("grant_type", "refresh_token"), new("client_id", clientId), new("client_secret", secret), new("refresh_token", refresh)];
            case HubAuthKind.ClientCredentials when clientId is not null && secrets["client_secret"] is { } secret:
                List<KeyValuePair<string, string>> form = [new("grant_type", "client_credentials"), new("client_id", clientId), new("client_secret", secret)];
                if (auth.Scope is { } scope)
                    form.Add(new("scope", scope));
                return form;
            case HubAuthKind.GoogleServiceAccount when secrets["service_account"] is { } file && ServiceAccount.Read(file) is { } account:
                return
                [
                    new("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    new("assertion", SignedAssertion.Of(account, auth.TokenUrl!, auth.Scope, time.GetUtcNow())),
                ];
            default:
                return null;
        }
    }

    private static Outcome<FetchedToken> Read(
        ServedKey key, Uri address, int status, byte[] body, List<KeyValuePair<string, string>> form, Func<string, TimeSpan, FetchedToken> bounds)
    {
        var (token, life, words) = ReadJson(body);
        if (status == 200 && token is { Length: > 0 } && HeaderNames.IsValue(token))
            return bounds(token, life);
        if (status is 400 or 401 or 403)
            return Refused(key, address, words is null ? $"it answered {status}" : $"it answered {status}, {Clean(words, form, token)}");
        return status == 200
            ? new Refusal(RefusalReason.HubFailed, "hub_answer_unreadable", $"{address.Host} answered the request for an access token for '{key.Name}' with something that holds none. Check the token address in the hub's file.")
            : new Refusal(RefusalReason.HubFailed, "hub_unreachable", $"{address.Host}, where access tokens for '{key.Name}' ({key.Hub.DisplayName}) come from, answered {status}. Try again later.");
    }

    private static (string? Token, TimeSpan Life, string? Words) ReadJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind is not JsonValueKind.Object)
                return default;
            var life = root.TryGetProperty("expires_in", out var seconds) && ReadSeconds(seconds) is { } read ? read : UnknownLife;
            var (error, description) = (Text(root, "error"), Text(root, "error_description"));
            return (Text(root, "access_token"), life, error is null ? null : description is null ? error : $"{error}: {description}");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return default;
        }
    }

    private static TimeSpan? ReadSeconds(JsonElement element)
    {
        var number = element.ValueKind switch
        {
            JsonValueKind.Number when element.TryGetDouble(out var value) => value,
            JsonValueKind.String when double.TryParse(element.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var value) => value,
            _ => 0,
        };
        return number is > 0 and < 366 * 86_400.0 ? TimeSpan.FromSeconds(number) : null;
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    /// <summary>The endpoint's own words, less whatever they repeat of the request's secrets, and of a token that it gave all the same.</summary>
    private static string Clean(string words, List<KeyValuePair<string, string>> form, string? token)
    {
        if (token is not null)
            words = SecretScrub.Sentence(words, token);
        foreach (var (name, value) in form)
        {
            if (name is "client_secret" or "refresh_token" or "assertion")
                words = SecretScrub.Sentence(words, value);
        }

        var clean = new StringBuilder();
        foreach (var character in words.AsSpan(0, Math.Min(words.Length, MostWords)))
            clean.Append(char.IsControl(character) ? ' ' : character);
        return clean.ToString();
    }

    private static Refusal Refused(ServedKey key, Uri address, string why) => new(RefusalReason.HubFailed, "hub_refused_key",
        $"{address.Host} gave no access token for '{key.Name}' ({key.Hub.DisplayName}): {why}. Your own access token is fine. Test the key, or replace its secret.") { Fault = KeyFault.SecretRefused };
}
