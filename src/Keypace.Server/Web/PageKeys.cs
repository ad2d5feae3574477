using System.Xml.Linq;
using Keypace.Domain.Vault;
using Keypace.Server.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Secret = Keypace.Domain.Vault.Secret;

namespace Keypace.Server.Web;

/// <summary>
/// The framework's keys for what it hands to pages. They lie in the data folder, sealed by the vault, so that a page that was open over a restart is
/// still understood, and nobody without the key-encryption key can forge one.
/// </summary>
internal static class PageKeys
{
    public static void AddPageKeys(this IServiceCollection services, Store store)
    {
        services.AddDataProtection()
            .SetApplicationName("keypace/" + store.InstanceId.ToString("N"))
            .PersistKeysToFileSystem(Folder(store));
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            new ConfigureOptions<KeyManagementOptions>(options => options.XmlEncryptor = new SealedXml(
                provider.GetRequiredService<SecretVault>(), provider.GetRequiredService<Store>())));
    }

    private static DirectoryInfo Folder(Store store)
    {
        var path = Path.Combine(store.Folder.Path, "page-keys");
        return OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, DataFolder.FolderMode);
    }
}

/// <summary>Seals like a key's secret, but for a place that no key can have: an id of zeros and no hub.</summary>
internal sealed class SealedXml(SecretVault vault, Store store) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        ArgumentNullException.ThrowIfNull(plaintextElement);
        using var secret = Secret.FromText(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var sealedBytes = vault.Seal(secret, BindingOf(vault, store));
        return new EncryptedXmlInfo(new XElement("sealed", Convert.ToBase64String(sealedBytes)), typeof(OpenedXml));
    }

    internal static SecretBinding BindingOf(SecretVault vault, Store store) => new(
        vault.InstanceId, SessionRows.FirstTeam(store), VaultPurposes.ApiKeySecret, Guid.Empty, 1, "keypace", "page-keys", "");
}

/// <summary>Made by the framework, by name, when it reads a key.</summary>
internal sealed class OpenedXml(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        ArgumentNullException.ThrowIfNull(encryptedElement);
        var vault = services.GetRequiredService<SecretVault>();
        var binding = SealedXml.BindingOf(vault, services.GetRequiredService<Store>());
        if (!vault.Open(Convert.FromBase64String(encryptedElement.Value), binding).TryGet(out var secret, out var refusal))
            throw new InvalidOperationException(refusal.Detail);
        using (secret)
            return XElement.Parse(secret.Reveal());
    }
}
