using Keypace.Domain;

namespace Keypace.Server.Management.Requests;

/// <summary>For values whose type is an interface: the language converts those to no <see cref="Outcome{T}"/> by itself.</summary>
internal static class Outcomes
{
    public static Outcome<T> Of<T>(T value)
        where T : notnull => value;

    public static Task<Outcome<T>> Done<T>(T value)
        where T : notnull => Task.FromResult<Outcome<T>>(value);

    public static Task<Outcome<T>> Refused<T>(Refusal refusal)
        where T : notnull => Task.FromResult<Outcome<T>>(refusal);
}
