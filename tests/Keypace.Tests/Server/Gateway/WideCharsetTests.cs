using System.Text;
using Keypace.Server.Gateway.Answers;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>A text in a charset in which the secret does not stand byte for byte is a 502, whoever says or shows that it is one.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class WideCharsetTests(FeatureHost host)
{
    private const string Chat = """{"model":"m","messages":[{"role":"user","content":"Hello"}]}""";

    [Theory]
    [InlineData("application/json; charset=utf-16", "utf-16")]
    [InlineData("application/json;Charset = \"UTF-16LE\"", "utf-16")]
    [InlineData("text/plain; charset=utf-8; charset=utf-32", "utf-32")]
    [InlineData("text/event-stream; charset=utf-16be", "utf-16BE")]
    [InlineData("text/html; charset=utf-7", "us-ascii")]
    [InlineData("application/json; charset=iso-2022-jp", "us-ascii")]
    [InlineData("application/json; charset='ibm037'", "us-ascii")]
    [InlineData("application/json; charset=klingon-8", "us-ascii")]
    [InlineData("application/json", "utf-16")]
    [InlineData("application/json", "utf-16BE")]
    [InlineData("text/plain", "utf-32")]
    [InlineData("", "utf-16BE")]
    public async Task A_text_that_cannot_be_looked_into_is_a_502(string type, string charset)
    {
        var secret = $"sk-test-not-a-real-key-{Guid.CreateVersion7(DateTimeOffset.UnixEpoch):n}";
        var status = "200 OK";
        await using var hub = new RawHub((_, connection) => connection.SendAsync(Answer(status, type, Encoding.GetEncoding(charset).GetBytes($$$"""{"error":{"message":"Your key is {{{secret}}}."}}"""))));
        var name = FeatureHost.Unique("wide").Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = secret, url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);

        foreach (var next in new[] { "200 OK", "400 Bad Request", "404 Not Found", "422 No" })
        {
            status = next;
            foreach (var (path, asked) in new[] { ("/v1/chat/completions", Chat), ($"/keys/{name}/chat/completions", Chat), ("/v1/embeddings", """{"model":"m","input":"x"}"""), ("/v1/chat_complete", $$$"""{"prompt":"Hello","completion_params":{"api_key":"{{{name}}}","model":"m","max_retries":0}}""") })
            {
                var got = (await host.SendAsync(HttpMethod.Post, path, asked, null, ("x-keypace-key", name))).MustBe(502);
                Assert.Equal("hub_answer_undecodable", got.Headers["x-keypace-error"]);
            }
        }
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;charset=\"UTF-8\"")]
    [InlineData("text/html; Charset=ISO-8859-15")]
    [InlineData("text/plain; charset=windows-1252; format=flowed")]
    [InlineData("text/plain; charset=")]
    [InlineData("text/plain; charset")]
    [InlineData("text/plain; x-charset-hint=1")]
    [InlineData("text/plain; charset=GB18030")]
    public void What_has_every_ascii_character_in_its_own_byte_passes(string type) => Assert.True(AnswerCharset.IsSeenThrough(type));

    [Fact]
    public void Only_what_is_said_to_be_text_may_not_begin_with_a_zero()
    {
        byte[] film = [0, 0, 0, 0x20, (byte)'f', (byte)'t', (byte)'y', (byte)'p'];
        Assert.False(AnswerCharset.BeginsWide(film, isSaidToBeText: false));
        Assert.True(AnswerCharset.BeginsWide(film, isSaidToBeText: true));
        Assert.False(AnswerCharset.BeginsWide("{\"a\":1}"u8, isSaidToBeText: true));
    }

    private static string Answer(string status, string type, byte[] body) =>
        $"HTTP/1.1 {status}\r\n{(type.Length > 0 ? $"Content-Type: {type}\r\n" : "")}Content-Length: {body.Length}\r\n\r\n{Encoding.Latin1.GetString(body)}";
}
