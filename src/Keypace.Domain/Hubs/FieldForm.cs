using Keypace.Domain.Hubs.PlainJson;

namespace Keypace.Domain.Hubs;

/// <summary>What a field of hub_config holds; decides how it is checked when it is saved and how a form shows it.</summary>
public enum FieldForm
{
    /// <summary>One line.</summary>
    Text,

    /// <summary>The name of a header: <c>X-Api-Key</c>.</summary>
    HeaderName,

    /// <summary>One word before the secret in its header, such as <c>Bearer</c>; <c>none</c> for nothing.</summary>
    HeaderScheme,

    /// <summary>What stands in a header as it is.</summary>
    HeaderValue,

    /// <summary>Headers, one a line: <c>X-Team: red</c>.</summary>
    Headers,

    /// <summary>Names, separated by commas or line breaks.</summary>
    List,

    /// <summary>The body of a request as JSON, with places such as <c>{{prompt}}</c>; see <see cref="RequestTemplate"/>.</summary>
    JsonTemplate,

    /// <summary>Where the answer's text stands in a JSON answer: <c>$.output[0].text</c>; see <see cref="AnswerPath"/>.</summary>
    JsonPath,

    /// <summary>The JSON file of a Google service account.</summary>
    ServiceAccount,

    /// <summary>A name that a hub gave, which stands in its addresses: letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>:</c>.</summary>
    Identifier,
}

/// <summary>The words of <see cref="FieldForm"/> on the wire and in hub files, and what each form accepts.</summary>
public static class FieldForms
{
    /// <summary>Every form with its word.</summary>
    public static readonly IReadOnlyList<(string Word, FieldForm Form)> All =
    [
        ("text", FieldForm.Text), ("header_name", FieldForm.HeaderName), ("header_scheme", FieldForm.HeaderScheme), ("header_value", FieldForm.HeaderValue),
        ("headers", FieldForm.Headers), ("list", FieldForm.List), ("json_template", FieldForm.JsonTemplate), ("json_path", FieldForm.JsonPath),
        ("service_account", FieldForm.ServiceAccount), ("identifier", FieldForm.Identifier),
    ];

    public static string WordOf(FieldForm form) => All.First(each => each.Form == form).Word;

    /// <summary>True where line breaks are part of it and a form needs several lines.</summary>
    public static bool IsMultiline(FieldForm form) => form is FieldForm.Headers or FieldForm.List or FieldForm.JsonTemplate or FieldForm.ServiceAccount;

    /// <summary>The names in a list field, in their order, each once.</summary>
    public static IReadOnlyList<string> ReadList(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. text.Split([',', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Why a field cannot hold this, as the end of a sentence that begins with its label; null when it can.</summary>
    internal static string? WhyNot(FieldForm form, string text) => form switch
    {
        FieldForm.Text when Uri.UnescapeDataString(text).Split('/', '\\').Any(segment => segment is "." or "..") => "holds dot segments, which lead to another place in an address. Write the plain name.",
        FieldForm.HeaderName when !HeaderNames.MaySet(text.ToLowerInvariant()) =>
            "is not a header that can carry a secret. Write one such as Authorization or X-Api-Key.",
        FieldForm.HeaderScheme when text.Length > 40 || !text.All(char.IsAsciiLetterOrDigit) =>
            "is one word that stands before the secret, such as Bearer, or none.",
        FieldForm.HeaderValue when !HeaderNames.IsValue(text) => "holds a character that no header can carry.",
        FieldForm.Headers => HeaderNames.ReadLines(text, "").Why,
        FieldForm.JsonTemplate => RequestTemplate.WhyNot(text),
        FieldForm.JsonPath => AnswerPath.WhyNot(text),
        FieldForm.ServiceAccount => ServiceAccount.WhyNot(text),
        FieldForm.Identifier when text.Length > 100 || !char.IsAsciiLetterOrDigit(text[0]) || text.Contains("..", StringComparison.Ordinal) || !text.All(one => char.IsAsciiLetterOrDigit(one) || one is '-' or '_' or '.' or ':') =>
            "is a name of letters, digits, '-', '_', '.' and ':', at most 100, as the hub gave it. Copy it from the hub's console.",
        _ => null,
    };
}
