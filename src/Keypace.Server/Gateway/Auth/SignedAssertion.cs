using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keypace.Domain.Hubs;

namespace Keypace.Server.Gateway.Auth;

/// <summary>The statement that a service account signs to get an access token (RFC 7523, RS256).</summary>
internal static class SignedAssertion
{
    /// <summary>Google takes at most an hour.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public static string Of(ServiceAccount account, string audience, string? scope, DateTimeOffset now)
    {
        var signed = $"{Part(writer =>
        {
            writer.WriteString("alg", "RS256");
            writer.WriteString("typ", "JWT");
            if (account.PrivateKeyId is { } id)
                writer.WriteString("kid", id);
        })}.{Part(writer =>
        {
            writer.WriteString("iss", account.ClientEmail);
            if (scope is not null)
                writer.WriteString("scope", scope);
            writer.WriteString("aud", audience);
            writer.WriteNumber("iat", now.ToUnixTimeSeconds());
            writer.WriteNumber("exp", (now + Life).ToUnixTimeSeconds());
        })}";
        using var rsa = RSA.Create();
        rsa.ImportFromPem(account.PrivateKey);
        var signature = rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Part(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }
}
