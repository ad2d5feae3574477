using System.Collections.Concurrent;
using System.Globalization;
using Keypace.Domain;

namespace Keypace.Server.Platform.SignIn;

/// <summary>
/// Counts wrong passwords, for each address whether or not anybody has it (so that a lock tells nothing), and for each machine. In memory: whoever
/// can restart the server can read its store too.
/// </summary>
internal sealed class SignInTries(TimeProvider time)
{
    /// <summary>Wrong passwords for one e-mail address after which it is locked.</summary>
    public const int MostForAddress = 5;

    /// <summary>Wrong passwords from one machine after which that machine is locked.</summary>
    public const int MostFromMachine = 20;

    public static readonly TimeSpan LockedFor = TimeSpan.FromMinutes(5);
    private const int MostRemembered = 20_000;

    private readonly ConcurrentDictionary<string, Tries> _tries = new(StringComparer.Ordinal);

    /// <summary>Null when a password may be tried. To be asked before the password is looked at.</summary>
    public Refusal? WhyLocked(string emailKey, string machine)
    {
        var now = time.GetUtcNow();
        var left = TimeSpan.Zero;
        foreach (var (key, most) in Keys(emailKey, machine))
        {
            if (_tries.TryGetValue(key, out var tries) && tries.Count >= most && tries.Until > now && tries.Until - now > left)
                left = tries.Until - now;
        }

        return left == TimeSpan.Zero ? null : new Refusal(
            RefusalReason.Limited,
            "sign_in_locked",
            string.Create(CultureInfo.InvariantCulture, $"Too many wrong passwords. Try again in {Math.Ceiling(left.TotalMinutes)} min; whoever runs the server can set a new one with 'keypace owner reset'."),
            RetryAfter: left);
    }

    public void NoteWrong(string emailKey, string machine)
    {
        var now = time.GetUtcNow();
        if (_tries.Count > MostRemembered)
        {
            foreach (var (key, tries) in _tries)
            {
                if (tries.Until <= now)
                    _tries.TryRemove(key, out _);
            }
        }

        foreach (var (key, _) in Keys(emailKey, machine))
        {
            _tries.AddOrUpdate(
                key,
                _ => new Tries(1, now + LockedFor),
                (_, tries) => tries.Until <= now ? new Tries(1, now + LockedFor) : new Tries(tries.Count + 1, now + LockedFor));
        }
    }

    /// <summary>A right password clears the address, not the machine: somebody's own account must not wash off tries at others'.</summary>
    public void NoteRight(string emailKey) => _tries.TryRemove("address " + emailKey, out _);

    private static (string Key, int Most)[] Keys(string emailKey, string machine) =>
        [("address " + emailKey, MostForAddress), ("machine " + machine, MostFromMachine)];

    private readonly record struct Tries(int Count, DateTimeOffset Until);
}
