using System.Net.Mail;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Server.Platform;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.People.SettingUp;

/// <summary>Whoever becomes the owner. Holds the password's hash, never the password.</summary>
internal sealed record NewOwner(string Email, string PasswordHash)
{
    private const int LongestEmail = 254;   // RFC 5321's longest path, without its brackets

    /// <summary>Refuses the fields <c>email</c> (<c>email_refused</c>) and <c>password</c> (<c>password_refused</c>).</summary>
    public static async Task<Outcome<NewOwner>> CreateAsync(string? email, string? password, Passwords passwords, CancellationToken ct)
    {
        if (CheckEmail(email) is { } refusal || (refusal = PasswordRules.Check(password ?? "")) is not null)
            return refusal;
        return new NewOwner(email!.Trim(), await passwords.HashAsync(password!, ct));
    }

    public static Refusal? CheckEmail(string? email)
    {
        var trimmed = email?.Trim() ?? "";
        var isAddress = trimmed.Length is > 2 and <= LongestEmail
            && trimmed.All(letter => !char.IsControl(letter) && !char.IsWhiteSpace(letter))
            && MailAddress.TryCreate(trimmed, out var parsed)
            && parsed.Address == trimmed;
        return isAddress ? null : Refusal.Field("email", "An e-mail address such as ada@example.org is needed.", code: "email_refused");
    }

    /// <summary>The address as it is compared: composed, upper-case. What has no composed form (half a surrogate pair) is nobody's address and stays as it is.</summary>
    public static string KeyOf(string email)
    {
        var trimmed = email.Trim();
        try
        {
            return trimmed.Normalize(NormalizationForm.FormC).ToUpperInvariant();
        }
        catch (ArgumentException)
        {
            return trimmed;
        }
    }

    public MemberRow ToRow(Guid teamId, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        TeamId = teamId,
        Email = Email,
        EmailKey = KeyOf(Email),
        PasswordHash = PasswordHash,
        Role = Role.Owner.Word(),
        CreatedAt = now.ToUnixTimeMilliseconds(),
        UpdatedAt = now.ToUnixTimeMilliseconds(),
    };
}
