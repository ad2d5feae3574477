using Keypace.Domain.Access;

namespace Keypace.Tests.Domain.Access;

public sealed class PasswordRulesTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(14, false)]
    [InlineData(15, true)]
    [InlineData(128, true)]
    [InlineData(129, false)]
    [InlineData(1_000_000, false)]
    public void Passwords_have_15_to_128_characters_as_people_count_them(int characters, bool accepted)
    {
        foreach (var character in new[] { "a", " ", "é", "🔑" })
        {
            var refusal = PasswordRules.Check(string.Concat(Enumerable.Repeat(character, characters)));
            Assert.Equal(accepted, refusal is null);
            Assert.True(refusal is null or { Code: "password_refused", Fields: [{ Path: ["body", "password"] }] });
        }
    }
}
