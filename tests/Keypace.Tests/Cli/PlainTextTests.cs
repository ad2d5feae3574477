using System.Text.Json;
using Keypace.Cli.Output;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("a\u202Eb")]
    [InlineData("a\u2066b")]
    [InlineData("a\u200Fb")]
    [InlineData("a\u061Cb")]
    [InlineData("a\u200Bb")]
    [InlineData("a\uFEFFb")]
    [InlineData("a\u2028b")]
    [InlineData("a\u001bb")]
    [InlineData("a\u009bb")]
    [InlineData("a\u007fb")]
    [InlineData("a\rb")]
    [InlineData("a\U000E0041b")]
    public void What_moves_turns_or_hides_is_not_shown(string text)
    {
        Assert.Equal("a\uFFFDb", PlainText.Of(text));
        var json = PlainText.OfJson(JsonSerializer.Serialize(text, Screen.Printed.Options));
        Assert.All(json, letter => Assert.InRange(letter, ' ', '~'));
        Assert.Equal(text, JsonSerializer.Deserialize<string>(json));
    }

    [Fact]
    public void Half_a_character_is_not_shown() => Assert.Equal("a\uFFFDb", PlainText.Of("a" + '\ud800' + "b"));

    [Theory]
    [InlineData("Größe 10 €, 漢字, עברית, العربية")]
    [InlineData("می\u200Cخواهم \U0001F468\u200D\U0001F469")]
    [InlineData("a\tb\nc\r\nd")]
    public void Letters_of_all_languages_stay(string text) => Assert.Equal(text, PlainText.Of(text));

    [Fact]
    public async Task Names_and_errors_of_a_server_pass_through_it()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", """{"detail":"Can\u202Enot\u001b[2J.","code":"some_code","request_id":"r"}""", 400);
        var typed = await Typed.ByScriptAsync(server, "hubs", "list");
        Assert.Contains("Can\uFFFDnot\uFFFD[2J.", typed.Error, StringComparison.Ordinal);
        var json = await Typed.ByScriptAsync(server, "hubs", "list", "--json");
        Assert.DoesNotContain('\u202E', json.Error);
        Assert.Contains("\\u202e", json.Error, StringComparison.OrdinalIgnoreCase);
    }
}
