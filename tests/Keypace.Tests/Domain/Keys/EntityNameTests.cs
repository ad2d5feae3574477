using System.Text;
using CsCheck;
using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Keys;

public sealed class EntityNameTests
{
    [Theory]
    [InlineData("main", "main")]
    [InlineData("  openAI20240630-2 ", "openAI20240630-2")]
    [InlineData("Schlüssel für Prüfung", "Schlüssel für Prüfung")]
    [InlineData("鍵/1", "鍵/1")]
    [InlineData("\U0001F511", "\U0001F511")]
    public void A_name_is_trimmed_and_kept(string text, string kept) => Assert.Equal(kept, Parse(text).Text);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \t\n ")]
    [InlineData("a\u0000b")]
    [InlineData("a\nb")]
    [InlineData("a\u0085b")]
    [InlineData("a\u2028b")]
    [InlineData("a\u202Eb")]
    [InlineData("a\u2066b")]
    [InlineData("a\u200Bb")]
    [InlineData("a\uFEFFb")]
    [InlineData("a\u00ADb")]
    [InlineData("\u3164")]
    [InlineData("a\uFFFEb")]
    public void What_cannot_be_seen_or_is_nothing_is_refused(string? text)
    {
        Assert.False(EntityName.Parse(text).TryGet(out _, out var refusal));
        Assert.Equal("bad_name", refusal.Code);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        Assert.False(EntityName.Parse("a\uD800").TryGet(out _, out _));
        Assert.False(EntityName.Parse("\uDC00a").TryGet(out _, out _));
        Assert.Equal("", EntityName.KeyOf("a\uD800"));
    }

    [Fact]
    public void Characters_are_counted_and_not_their_halves()
    {
        Assert.True(EntityName.Parse(new string('x', 128)).TryGet(out _, out _));
        Assert.False(EntityName.Parse(new string('x', 129)).TryGet(out _, out _));
        Assert.True(EntityName.Parse(string.Concat(Enumerable.Repeat("\U0001F511", 128))).TryGet(out _, out _));
        Assert.False(EntityName.Parse(string.Concat(Enumerable.Repeat("\U0001F511", 129))).TryGet(out _, out _));
    }

    [Theory]
    [InlineData("Main", "MAIN")]
    [InlineData("é", "e\u0301")]
    [InlineData("Å", "\u212B")]
    [InlineData("été", "ÉTÉ")]
    public void Names_that_a_person_calls_the_same_have_one_key(string one, string other) => Assert.Equal(Parse(one).Key, Parse(other).Key);

    [Fact]
    public void Different_names_have_different_keys()
    {
        Assert.NotEqual(Parse("main").Key, Parse("maın").Key);
        Assert.NotEqual(Parse("a b").Key, Parse("ab").Key);
    }

    [Fact]
    public void Any_text_is_a_name_or_refused_and_its_key_does_not_depend_on_its_form() =>
        Gen.String[Gen.Char, 0, 140].Sample(text =>
        {
            var key = EntityName.KeyOf(text);
            if (!EntityName.Parse(text).TryGet(out var name, out _))
                return;
            Assert.Equal(name.Key, key);
            Assert.Equal(name.Key, Parse(name.Text).Key);
            if (EntityName.Parse(name.Text.Normalize(NormalizationForm.FormD)).TryGet(out var decomposed, out _))
                Assert.Equal(name.Key, decomposed.Key);
        }, iter: 20_000);

    private static EntityName Parse(string text) =>
        EntityName.Parse(text).TryGet(out var name, out var refusal) ? name : throw new InvalidOperationException(refusal.Detail);
}
