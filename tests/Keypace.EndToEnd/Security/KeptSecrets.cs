using System.Security.Cryptography;
using Keypace.Demo;
using Keypace.Tests.Security;

namespace Keypace.EndToEnd.Security;

/// <summary>Secrets of every kind that a Keypace is given, where they belong and where they do not; and the search for them in all forms.</summary>
internal sealed class KeptSecrets
{
    private const string Wrong = "sk-proj-test-not-a-real-key-in-a-wrong-place-77";

    private readonly Dictionary<string, string> _secrets = [];

    public int Kinds => _secrets.Count;

    /// <summary>Looked through so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Stores keys of several hubs (<c>k0</c> is the pretend hub's), a token, and gives what is refused.</summary>
    public async Task StoreAsync(RunningKeypace keypace, PretendHub hub)
    {
        var folder = keypace.Folder;
        using var rsa = RSA.Create(2048);
        var pem = rsa.ExportPkcs8PrivateKeyPem();
        Add("a key", Secrets.Odd);
        Add("a replaced key", "sk-test/not+a=real&key\"0003<Zq>end");
        Add("an access key", "AKIATESTNOTAREALKEY7");
        Add("a secret access key", "test/not+a/real+aws+secret+access+key=07");
        Add("a session token", "test-not-a-real-session-token/0007+0007==");
        Add("a private key", pem.Split('\n')[5]);
        Add("a client secret", "test~not-a-real.entra-client_secret-0007");
        Add("a key in a wrong place", Wrong);
        Add("a password in an address", "test-not-a-real-url-password-0007");
        Add("a wrong password", "a wrong but long password 0007");
        Add("the owner's password", (await File.ReadAllTextAsync(folder.PasswordFile)).Trim());
        Add("the admin's token", folder.Token[5..]);
        Add("the key-encryption key", (await File.ReadAllTextAsync(folder.Kek)).Trim());

        var api = keypace.Api;
        var id = await keypace.StoreKeyAsync(hub.Address, _secrets["a replaced key"], "k0", null);
        (await api.PutAsync($"/v1/api-keys/{id}", new { value = Secrets.Odd })).MustBe(200);
        (await api.PostAsync("/v1/api-keys", new { name = "aws", hub = "bedrock", hub_config = new { region = "eu-central-1", access_key = _secrets["an access key"], secret_access_key = _secrets["a secret access key"], session_token = _secrets["a session token"] } })).MustBe(200);
        (await api.PostAsync("/v1/api-keys", new { name = "entra", hub = "azure", hub_config = new { resource = "r", tenant_id = "t", client_id = "c", client_secret = _secrets["a client secret"] } })).MustBe(200);
        var account = System.Text.Json.JsonSerializer.Serialize(new { type = "service_account", project_id = "p", private_key_id = "1", private_key = pem, client_email = "a@p.iam.gserviceaccount.com", token_uri = "https://oauth2.googleapis.com/token" });
        (await api.PostAsync("/v1/api-keys", new { name = "vertex", hub = "vertex", hub_config = new { region = "europe-west4", project_id = "project-7", service_account = account } })).MustBe(200);
        Add("a new token", (await api.PostAsync("/v1/access-tokens", new { name = "t" })).MustBe(200)["token"].GetString()![5..]);

        // Where they do not belong.
        await api.ChatAsync("k0", caller: Wrong);
        await api.ChatAsync(Wrong);
        await api.GetAsync($"/v1/api-keys/{Wrong}");
        await api.GetAsync($"/v1/nowhere/{Wrong}?key={Wrong}");
        await api.PostAsync("/v1/chat_complete", new { prompt = "x", completion_params = new { api_key = Wrong, model = "m" } });
        await api.PostAsync("/v1/api-keys", new { name = "address", hub = "custom", value = Secrets.Odd, url = $"https://user:{_secrets["a password in an address"]}@example.org/v1" });
        await api.PostAsync("/v1/api-keys", $$"""{"name":"cut","hub":"custom","value":"{{Wrong}}""");
        await api.PutAsync($"/v1/api-keys/{id}", new { value = new[] { Wrong } });
        await api.PostAsync("/sign-in", new { email = KeypaceFolder.OwnerEmail, password = _secrets["a wrong password"] }, ("X-Keypace", "1"), ("Origin", keypace.Address.GetLeftPart(UriPartial.Authority)));
        foreach (var fault in new[] { HubFault.Unauthorized, HubFault.CloseBeforeAnswer, HubFault.Html })
        {
            hub.Behave(hub.Options with { Fault = fault });
            await api.ChatAsync("k0");
        }

        hub.Behave(hub.Options with { Fault = HubFault.None });
        await api.PostAsync($"/v1/api-keys/{id}/test", new { });   // takes the key's notice away
    }

    public void Add(string what, string secret) => _secrets[what] = secret;

    public void Search(Threat threat, string where, ReadOnlySpan<byte> bytes)
    {
        Bytes += bytes.Length;
        foreach (var (what, secret) in _secrets)
        {
            var forms = Secrets.FormsIn(bytes, secret);
            threat.Check(forms.Count == 0, () => $"{what} is in {where} as {string.Join(", ", forms)}");
        }
    }
}
