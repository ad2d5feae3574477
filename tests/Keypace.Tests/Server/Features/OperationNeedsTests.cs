using System.Reflection;
using System.Runtime.CompilerServices;
using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Management.Access;
using Keypace.Server.Snapshots;

namespace Keypace.Tests.Server.Features;

/// <summary>An operation asks by itself, and first of all, whether its caller may: whoever calls it, a route or a page, need not.</summary>
public sealed class OperationNeedsTests
{
    public static TheoryData<string, string> Operations => [.. All.Select(method => (method.DeclaringType!.Name, method.Name))];

    private static IEnumerable<MethodInfo> All => typeof(ApiKeyOperations).Assembly.GetTypes()
        .Where(type => type.Namespace?.StartsWith("Keypace.Server.Features", StringComparison.Ordinal) == true && type != typeof(HubQuestions))
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(method => method.GetParameters().Any(parameter => parameter.ParameterType == typeof(Caller)) && IsOutcome(method.ReturnType));

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Nobody_without_the_scope_gets_any_further(string type, string name)
    {
        var token = ServedToken.OfMember(Guid.Empty, Guid.Empty, Role.Owner, "somebody");
        var caller = Caller.OfToken(token with { Grant = token.Grant with { Scopes = Scopes.Query } }, null, "");
        foreach (var method in All.Where(each => each.DeclaringType!.Name == type && each.Name == name))
        {
            // Nothing that it works with is there: it must not get so far.
            var operations = RuntimeHelpers.GetUninitializedObject(method.DeclaringType!);
            var given = method.GetParameters().Select(parameter => parameter.ParameterType == typeof(Caller) ? caller
                : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null).ToArray();
            var answer = method.Invoke(operations, given)!;
            if (answer is Task task)
            {
                await task;
                answer = task.GetType().GetProperty("Result")!.GetValue(task)!;
            }

            object?[] got = [null, null];
            Assert.False((bool)answer.GetType().GetMethod("TryGet")!.Invoke(answer, got)!);
            Assert.Equal("scope_missing", ((Refusal)got[1]!).Code);
        }
    }

    [Fact]
    public void There_are_operations_to_be_tried() => Assert.True(All.Count() > 30);

    private static bool IsOutcome(Type type) => type.IsGenericType
        && (type.GetGenericTypeDefinition() == typeof(Outcome<>) || (type.GetGenericTypeDefinition() == typeof(Task<>) && IsOutcome(type.GetGenericArguments()[0])));
}
