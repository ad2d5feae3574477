using System.Net;
using System.Text.Json;

namespace Keypace.EndToEnd;

/// <summary>One whole answer, read to its end.</summary>
internal sealed record Answer(HttpStatusCode Status, IReadOnlyDictionary<string, string> Headers, byte[] Bytes)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonDocument.Parse(Bytes).RootElement;

    public JsonElement this[string member] =>
        Json.TryGetProperty(member, out var value) ? value : throw new KeyNotFoundException($"No '{member}' in {Text}");

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken ct = default)
    {
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new Answer(response.StatusCode, headers, await response.Content.ReadAsByteArrayAsync(ct));
    }

    /// <summary>An answer that may be cut: what came of it.</summary>
    public static async Task<Answer> ReadWhatComesAsync(HttpResponseMessage response)
    {
        using var came = new MemoryStream();
        try
        {
            var body = await response.Content.ReadAsStreamAsync();
            await body.CopyToAsync(came);
        }
        catch (IOException)
        {
            // It was cut behind that.
        }

        return new Answer(response.StatusCode, new Dictionary<string, string>(), came.ToArray());
    }

    /// <summary>An answer that is cut: what came of it. Fails when it ends as a whole one does.</summary>
    public static async Task<Answer> ReadUntilCutAsync(HttpResponseMessage response)
    {
        using var came = new MemoryStream();
        var body = await response.Content.ReadAsStreamAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(came));
        return new Answer(response.StatusCode, new Dictionary<string, string>(), came.ToArray());
    }

    /// <summary>Fails with the whole answer in the message, which is what one wants to read then.</summary>
    public Answer MustBe(int status)
    {
        Assert.True((int)Status == status, $"Expected {status}, got {(int)Status}: {Text}");
        return this;
    }

    /// <summary>An error of a management route, in its shape, with its code, the request's id and a sentence.</summary>
    public Answer MustRefuse(int status, string? code = null)
    {
        MustBe(status);
        var actual = MustHaveMarks(this["code"].GetString(), code);
        if (status == 422)
        {
            Assert.All(this["detail"].EnumerateArray(), field =>
            {
                Assert.Equal(JsonValueKind.Array, field.GetProperty("loc").ValueKind);
                Assert.NotEmpty(field.GetProperty("msg").GetString()!);
                Assert.NotEmpty(field.GetProperty("type").GetString()!);
            });
            Assert.NotEqual(0, this["detail"].GetArrayLength());
        }
        else
        {
            Assert.NotEmpty(this["detail"].GetString()!);
        }

        Assert.NotEmpty(actual);
        return this;
    }

    /// <summary>An error of a query route, in the shape that OpenAI's and Anthropic's SDKs read.</summary>
    public Answer MustRefuseQuery(int status, string? code = null)
    {
        MustBe(status);
        Assert.Equal("error", this["type"].GetString());
        var error = this["error"];
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("type").GetString()!);
        Assert.True(error.TryGetProperty("param", out _));
        MustHaveMarks(error.GetProperty("code").GetString(), code);
        return this;
    }

    private string MustHaveMarks(string? actual, string? expected)
    {
        if (expected is not null)
            Assert.True(actual == expected, $"Expected code '{expected}', got: {Text}");

        Assert.Equal(actual, Header("x-keypace-error"));
        Assert.Equal(Header("x-request-id"), this["request_id"].GetString());
        return actual!;
    }
}
