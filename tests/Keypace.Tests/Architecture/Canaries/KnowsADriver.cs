using Microsoft.EntityFrameworkCore;

namespace Keypace.Tests.Architecture.Canaries;

/// <summary>Breaks a rule on purpose, so that the rule is seen to catch it.</summary>
internal sealed class KnowsADriver
{
    public static string Name(DbContext context) => context.ContextId.ToString();
}
