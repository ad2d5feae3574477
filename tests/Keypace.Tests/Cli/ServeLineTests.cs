using Keypace.Cli;

namespace Keypace.Tests.Cli;

public sealed class ServeLineTests
{
    private static string? Environment(string name) => name == "HOME" ? "/home/ann" : null;

    [Fact]
    public void A_well_formed_serve_is_read_without_the_grammar()
    {
        Assert.True(ServeLine.TryParse(
            ["serve", "--data", "/d", "--kek-file=/k", "--urls", "http://127.0.0.1:1;http://[::1]:1", "--set", "Egress:Allow=127.0.0.1:9100", "--set", "A=b=c"], Environment, out var options));
        Assert.Equal(("/d", "/k"), (options.Data, options.KekFile));
        Assert.Equal(["http://127.0.0.1:1", "http://[::1]:1"], options.Urls);
        Assert.Equal(("127.0.0.1:9100", "b=c"), (options.Settings["egress:allow"], options.Settings["A"]));
    }

    [Fact]
    public void A_bare_serve_uses_the_default_folder()
    {
        Assert.True(ServeLine.TryParse(["serve"], Environment, out var options));
        Assert.Equal("/home/ann/.local/share/keypace", options.Data);
        Assert.True(ServeLine.TryParse(["serve"], name => name == "XDG_DATA_HOME" ? "/x" : null, out options));
        Assert.Equal("/x/keypace", options.Data);
    }

    [Theory]
    [InlineData("settings")]
    [InlineData("serve", "--help")]
    [InlineData("serve", "--data")]
    [InlineData("serve", "--data=")]
    [InlineData("serve", "--dta", "/d")]
    [InlineData("serve", "/d")]
    [InlineData("serve", "--data", "/d", "--data", "/e")]
    [InlineData("serve", "--set", "Name")]
    [InlineData("serve", "--set", "=value")]
    [InlineData("serve", "--set", "A=1", "--set", "a=2")]
    public void What_it_does_not_understand_is_left_to_the_grammar(params string[] args) =>
        Assert.False(ServeLine.TryParse(args, Environment, out _));

    [Theory]
    [InlineData("serve", "--data", "/d", "--data", "/e")]
    [InlineData("serve", "--dta", "/d")]
    [InlineData("serve", "--set", "Name")]
    [InlineData("serve", "/d")]
    public async Task And_the_grammar_refuses_it_with_a_sentence(params string[] args)
    {
        var typed = await Typed.ByScriptAsync(null, args);
        Assert.Equal(2, typed.Exit);
        Assert.StartsWith("keypace: ", typed.Error, StringComparison.Ordinal);
    }
}
