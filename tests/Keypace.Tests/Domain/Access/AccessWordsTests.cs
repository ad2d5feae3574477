using Keypace.Domain.Access;

namespace Keypace.Tests.Domain.Access;

public sealed class AccessWordsTests
{
    [Fact]
    public void Words_of_roles_and_scopes_come_back()
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            Assert.True(AccessWords.TryParseRole(role.Word(), out var parsed));
            Assert.Equal(role, parsed);
        }

        foreach (var scopes in new[] { Scopes.Manage, Scopes.Query, Scopes.All })
        {
            Assert.True(AccessWords.TryParseScopes(scopes.Words(), out var parsed));
            Assert.Equal(scopes, parsed);
        }

        foreach (var word in new[] { null, "", "Owner", "root", " member" })
            Assert.False(AccessWords.TryParseRole(word, out _));
        Assert.False(AccessWords.TryParseScopes([], out _));
        Assert.False(AccessWords.TryParseScopes(["query", "admin"], out _));
        Assert.False(AccessWords.TryParseScopes(["Query"], out _));
    }
}
