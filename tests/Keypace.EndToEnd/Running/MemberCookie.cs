using System.Text.Json;

namespace Keypace.EndToEnd;

/// <summary>Signs in as a browser does, without a browser: the cookie, as a request has to send it.</summary>
internal static class MemberCookie
{
    /// <summary>What our own pages' scripts send with it.</summary>
    public static readonly (string Name, string Value) OwnScript = ("X-Keypace", "1");

    public static async Task<string> OfOwnerAsync(RunningKeypace keypace)
    {
        var password = (await File.ReadAllTextAsync(keypace.Folder.PasswordFile)).Trim();
        return await EnterAsync(keypace, "/sign-in", new { email = Demo.KeypaceFolder.OwnerEmail, password });
    }

    /// <summary>By a sign-in link that this token makes.</summary>
    public static async Task<string> ByLinkAsync(RunningKeypace keypace, string token)
    {
        using var maker = new Api(keypace.Address, token);
        var url = (await maker.PostAsync("/v1/sign-in-links", new { })).MustBe(200)["url"].GetString()!;
        return await EnterAsync(keypace, "/sign-in/link", new { token = url.Split("token=")[1] });
    }

    private static async Task<string> EnterAsync(RunningKeypace keypace, string path, object form)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(keypace.Address, path))
        {
            Content = new StringContent(JsonSerializer.Serialize(form), System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add(OwnScript.Name, OwnScript.Value);
        using var answer = await client.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, answer.StatusCode);
        return answer.Headers.GetValues("Set-Cookie").First().Split(';')[0];
    }
}
