using System.Security.Cryptography;
using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>What of a Google service account's JSON file is needed to ask for access tokens. Prints as ***.</summary>
/// <param name="ClientEmail">Who signs.</param>
/// <param name="PrivateKeyId">Tells Google which of the account's keys signed; null when the file has none.</param>
/// <param name="PrivateKey">PEM of an RSA key.</param>
public sealed record ServiceAccount(string ClientEmail, string? PrivateKeyId, string PrivateKey)
{
    /// <summary>Null when the text is no service account's file.</summary>
    public static ServiceAccount? Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return root.ValueKind is JsonValueKind.Object && Text(root, "client_email") is { Length: > 0 } email && Text(root, "private_key") is { Length: > 0 } key
                ? new ServiceAccount(email, Text(root, "private_key_id"), key)
                : null;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Why it cannot sign, as the end of a sentence; null when it can. Never a word of the file.</summary>
    internal static string? WhyNot(string json)
    {
        if (Read(json) is not { } account)
            return "is not the JSON file of a service account: it needs client_email and private_key. Paste the whole file as it was downloaded.";
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(account.PrivateKey);
            _ = rsa.SignData([], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return null;
        }
        catch (Exception failure) when (failure is ArgumentException or CryptographicException)
        {
            return "has a private_key that is no RSA key in PEM. Paste the whole file as it was downloaded.";
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    public override string ToString() => "***";
}
