using System.Text.Json;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Domain.Vault;

/// <summary>The files of tests/vectors, which check.py verifies with another library.</summary>
internal static class Vectors
{
    private static readonly JsonSerializerOptions _wire = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string Folder
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Keypace.slnx")))
                folder = folder.Parent;
            return Path.Combine(folder?.FullName ?? throw new DirectoryNotFoundException("No Keypace.slnx above the tests."), "tests", "vectors");
        }
    }

    public static IReadOnlyList<EnvelopeVector> Envelopes { get; } = Read<IReadOnlyList<EnvelopeVector>>("envelopes.json");

    public static KeyVectors Keys { get; } = Read<KeyVectors>("keys.json");

    public static IReadOnlyList<TokenVector> Tokens { get; } = Read<IReadOnlyList<TokenVector>>("tokens.json");

    private static T Read<T>(string file) =>
        JsonSerializer.Deserialize<T>(File.ReadAllText(Path.Combine(Folder, file)), _wire) ?? throw new JsonException($"{file} is empty.");
}

internal sealed record EnvelopeVector(
    string Name, string DataKey, uint KeyId, string Salt, string Nonce, string Secret, SecretBinding Binding, string BindingBytes, string Envelope);

internal sealed record KeyVectors(IReadOnlyList<WrappedVector> Wrapped, DigestVector Digests);

internal sealed record WrappedVector(
    string Name, string KekId, string Kek, Guid InstanceId, Guid? TeamId, string Purpose, uint KeyId, string Key, string Salt, string Nonce,
    string KekText, string Wrapped);

internal sealed record DigestVector(
    Guid InstanceId, Guid TeamId, string InstanceKey, string Token, string Secret, string Destination, string PreviousMac, string Record,
    string TokenDigest, string Fingerprint, Guid RateGroupId, string AuditMac, string BackupManifestMac);

internal sealed record TokenVector(string Letter, string Id, string Secret, string Token);
