using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Keypace.Domain;

namespace Keypace.Server.People.SignIn;

/// <summary>
/// Counts tries at passwords, for each address whether or not anybody has it (so that a lock tells nothing), and for each machine. A try is counted
/// before its password is looked at: of any number that come at once no more are looked at than the lock allows. A browser that signed in before has
/// a count of its own, so that strangers who lock an account, or everybody behind one proxy, do not lock its owner out. In memory: whoever can
/// restart the server can read its store too.
/// </summary>
internal sealed class SignInTries(TimeProvider time)
{
    /// <summary>Tries within <see cref="Within"/> for one e-mail address, from browsers that never signed in to it.</summary>
    public const int MostForAddress = 10;

    /// <summary>Tries within <see cref="Within"/> from one machine: an IPv4 address, or the /64 network of an IPv6 one.</summary>
    public const int MostFromMachine = 20;

    /// <summary>Tries within <see cref="Within"/> from one browser that signed in before.</summary>
    public const int MostFromBrowser = 10;

    public static readonly TimeSpan Within = TimeSpan.FromMinutes(15);
    private const int MostRemembered = 20_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<DateTimeOffset>> _tries = new(StringComparer.Ordinal);

    /// <summary>Counts a try at a password that is to be looked at next; refuses with <c>sign_in_locked</c> where there were too many.</summary>
    /// <param name="emailKey">The address as it is compared.</param>
    /// <param name="browser">What tells the browser that signed in to this very account before; null for any other.</param>
    public Outcome<Try> Reserve(string emailKey, string machine, string? browser)
    {
        var now = time.GetUtcNow();
        var counted = browser is null
            ? new Try("address " + emailKey, "machine " + NetworkOf(machine))
            : new Try("browser " + browser, null);
        lock (_gate)
        {
            if (_tries.Count > MostRemembered)
                Forget(now);
            var left = TimeLeft(counted.Account, browser is null ? MostForAddress : MostFromBrowser, now);
            if (counted.Machine is { } own && TimeLeft(own, MostFromMachine, now) is var longer && longer > left)
                left = longer;
            if (left > TimeSpan.Zero)
                return Locked(left);
            Count(counted.Account, now);
            if (counted.Machine is not null)
                Count(counted.Machine, now);
        }

        return counted;
    }

    /// <summary>The password was right: its account starts anew. The machine gets this one try back and no more: somebody's own account must not wash off tries at others'.</summary>
    public void WasRight(Try counted)
    {
        lock (_gate)
        {
            _tries.Remove(counted.Account);
            TakeBackMachine(counted);
        }
    }

    /// <summary>The password was not looked at after all.</summary>
    public void TakeBack(Try counted)
    {
        lock (_gate)
        {
            TakeBackOne(counted.Account);
            TakeBackMachine(counted);
        }
    }

    /// <summary>A try that is counted.</summary>
    public readonly record struct Try(string Account, string? Machine);

    private void TakeBackMachine(Try counted)
    {
        if (counted.Machine is not null)
            TakeBackOne(counted.Machine);
    }

    // Which one does not matter: all of them are recent. The oldest goes, so that nobody is locked for longer than they should be.
    private void TakeBackOne(string key)
    {
        if (_tries.TryGetValue(key, out var tries) && tries.TryDequeue(out _) && tries.Count == 0)
            _tries.Remove(key);
    }

    private void Count(string key, DateTimeOffset now)
    {
        if (!_tries.TryGetValue(key, out var tries))
            _tries[key] = tries = new Queue<DateTimeOffset>();
        tries.Enqueue(now);
    }

    private TimeSpan TimeLeft(string key, int most, DateTimeOffset now)
    {
        if (!_tries.TryGetValue(key, out var tries))
            return TimeSpan.Zero;
        while (tries.TryPeek(out var oldest) && oldest + Within <= now)
            tries.Dequeue();
        return tries.Count < most ? TimeSpan.Zero : tries.Peek() + Within - now;
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (key, _) in _tries.Where(one => one.Value.All(at => at + Within <= now)).ToList())
            _tries.Remove(key);
    }

    private static string NetworkOf(string machine)
    {
        if (!IPAddress.TryParse(machine, out var address) || address.AddressFamily is not AddressFamily.InterNetworkV6)
            return machine;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString() : Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }

    private static Refusal Locked(TimeSpan left) => new(
        RefusalReason.Limited,
        "sign_in_locked",
        string.Create(CultureInfo.InvariantCulture, $"Too many tries at passwords. Try again in {Math.Ceiling(left.TotalMinutes)} min, or use a browser that signed in before; whoever runs the server can set a new password with 'keypace owner reset'."),
        RetryAfter: left);
}
