namespace Keypace.Domain.Access;

/// <summary>Length is the only rule: demands for digits and signs make passwords worse, not better.</summary>
public static class PasswordRules
{
    /// <summary>Characters, as a person counts them.</summary>
    public const int LeastCharacters = 15;

    /// <summary>Characters; keeps hashing cheap.</summary>
    public const int MostCharacters = 128;

    /// <summary>Null for a password that may be used, else the refusal <c>password_refused</c> of the field <c>password</c>.</summary>
    public static Refusal? Check(string password)
    {
        // A char count bounds the rune count from above by two, so that a huge body is refused without being walked through.
        if (password.Length > 2 * MostCharacters)
            return Refuse(MostCharacters, "at most");
        return password.EnumerateRunes().Count() switch
        {
            < LeastCharacters => Refuse(LeastCharacters, "at least"),
            > MostCharacters => Refuse(MostCharacters, "at most"),
            _ => null,
        };
    }

    private static Refusal Refuse(int characters, string bound) =>
        Refusal.Field(
            "password",
            $"A password has {bound} {characters} characters; several words are easier to keep than one hard one.",
            code: "password_refused");
}
