using System.Text;
using Keypace.Server.Platform.MasterKey;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Keypace.Server.Platform;

/// <summary>
/// Hashes people's passwords: PBKDF2 with HMAC-SHA512 in ASP.NET Core Identity's format. A hash takes a tenth of a second on purpose, so at most two
/// are made at once, on threads of their own and of lower priority: a flood of sign-ins takes
/// neither the threads nor the processors from queries.
/// </summary>
/// <param name="iterations">Of PBKDF2 for new hashes, and for the work that an unknown account costs; a stored hash names its own.</param>
#pragma warning disable CA1001 // A semaphore whose wait handle nobody asks for holds nothing.
internal sealed class Passwords(int iterations)
#pragma warning restore CA1001
{
    /// <summary>What OWASP asks for with SHA-512; the framework's own default is lower.</summary>
    public const int Iterations = 210_000;

    /// <summary>Sign-ins that wait to be hashed; more are told to come back.</summary>
    public const int MostWaiting = 16;

    private const int MostAtOnce = 2;

    private readonly SemaphoreSlim _turns = new(MostAtOnce, MostAtOnce);
    private readonly PasswordHasher<object> _hasher = new(
        Options.Create(new PasswordHasherOptions { CompatibilityMode = PasswordHasherCompatibilityMode.IdentityV3, IterationCount = iterations }));

    /// <summary>The library wants to know whose password it is, and makes no use of it.</summary>
    private readonly object _anybody = new();
    private int _verifying;

    public async Task<string> HashAsync(string password, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            return await RunAsync(() => _hasher.HashPassword(_anybody, Composed(password)));
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>False also for a member without a password, after the same work. Null, at once and without a look, while too many wait.</summary>
    public async Task<bool?> VerifyAsync(string? hash, string password, CancellationToken ct)
    {
        try
        {
            if (Interlocked.Increment(ref _verifying) > MostWaiting + MostAtOnce)
                return null;
            await _turns.WaitAsync(ct);
            try
            {
                return await RunAsync(() => hash is null
                    ? _hasher.HashPassword(_anybody, Composed(password)).Length == 0
                    : _hasher.VerifyHashedPassword(_anybody, hash, Composed(password)) != PasswordVerificationResult.Failed);
            }
            finally
            {
                _turns.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _verifying);
        }
    }

    /// <summary>On a thread of its own: only a thread that ends may have its priority lowered, for it cannot be raised again.</summary>
    private static Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            LibC.YieldToOthers();
            try
            {
                done.SetResult(work());
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        })
        { IsBackground = true, Name = "password" }.Start();
        return done.Task;
    }

    /// <summary>One form for one password: keyboards and systems compose accents differently.</summary>
    private static string Composed(string password)
    {
        try
        {
            return password.Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            return password;   // half a surrogate pair has no form
        }
    }
}
