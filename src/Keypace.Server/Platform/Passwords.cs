using System.Text;
using Keypace.Server.Storage.Rows;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Keypace.Server.Platform;

/// <summary>
/// Hashes people's passwords: PBKDF2 with HMAC-SHA512 in ASP.NET Core Identity's format. A hash takes a tenth of a second on purpose, so at most
/// two are made at once, and a flood of sign-ins cannot take every processor.
/// </summary>
internal static class Passwords
{
    /// <summary>What OWASP asks for with SHA-512; the framework's own default is lower.</summary>
    public const int Iterations = 210_000;

    private static readonly SemaphoreSlim _turns = new(2, 2);

    private static readonly PasswordHasher<MemberRow> _hasher = new(
        Options.Create(new PasswordHasherOptions { CompatibilityMode = PasswordHasherCompatibilityMode.IdentityV3, IterationCount = Iterations }));

    public static async Task<string> HashAsync(string password, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            return await Task.Run(() => _hasher.HashPassword(new MemberRow(), Composed(password)), ct);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>False also for a member without a password, after the same work.</summary>
    public static async Task<bool> VerifyAsync(string? hash, string password, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            return await Task.Run(
                () => hash is null
                    ? _hasher.HashPassword(new MemberRow(), Composed(password)).Length == 0
                    : _hasher.VerifyHashedPassword(new MemberRow(), hash, Composed(password)) != PasswordVerificationResult.Failed,
                ct);
        }
        finally
        {
            _turns.Release();
        }
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
