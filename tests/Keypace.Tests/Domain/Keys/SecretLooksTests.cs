using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Keys;

public sealed class SecretLooksTests
{
    [Theory]
    [InlineData("9f3ac71be02d48576ac1d8e5b4f70932")]
    [InlineData("hJ7kP2wX9qL4mN8bV3cZ6tR1yU5eA0sD")]
    [InlineData("my key is sk-proj-not-a-real-key7")]
    [InlineData("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE9KEY4")]
    [InlineData("run-9f3ac71be02d48576ac1d8e5b4f70932")]
    public void Secrets_in_the_place_of_a_caller_are_told(string name) => Assert.True(TypedName.LooksSecret(name));

    [Theory]
    [InlineData("")]
    [InlineData("eval-run-2026-11-30-claude-sonnet")]
    [InlineData("Anna's notebook on machine 14 in room 12")]
    [InlineData("evaluation_of_gpt4o_mini_on_mmlu_pro_v2")]
    [InlineData("averyveryverylongcallernamewithoutasign2026")]
    [InlineData("3f2504e0-4f89-11d3-9a0c-0305e82c3301")]
    public void People_s_names_stay(string name) => Assert.False(TypedName.LooksSecret(name));

    [Theory]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a?b")]
    [InlineData("//x")]
    [InlineData(" .. ")]
    [InlineData("..;")]
    [InlineData("%252e%252e")]
    [InlineData("a@b")]
    [InlineData("a..b")]
    public void Identifiers_are_plain(string text) => Assert.NotNull(FieldForms.WhyNot(FieldForm.Identifier, text));

    [Theory]
    [InlineData("my-project-123456")]
    [InlineData("example.com:my-project")]
    [InlineData("TSTALIASID")]
    public void Identifiers_of_hubs_pass(string text) => Assert.Null(FieldForms.WhyNot(FieldForm.Identifier, text));
}
