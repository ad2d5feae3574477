using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;

namespace Keypace.Server.Web.Forms;

/// <summary>What a route answered to a form that the browser sent itself, because a secret was in it. The answer has none.</summary>
/// <param name="Status">0 when the server could not be reached.</param>
public sealed record WireAnswer(int Status, string Body)
{
    public bool IsGood => Status is >= 200 and < 300;

    public T Read<T>()
        where T : notnull => (T)JsonSerializer.Deserialize(Body, typeof(T), KeypaceJson.Default)!;
}

/// <summary>A refusal, sorted by the fields of a form: each in the route's own words.</summary>
public sealed class FormErrors
{
    private readonly Dictionary<string, string> _byField = new(StringComparer.Ordinal);

    /// <summary>What belongs to no field; null when nothing does.</summary>
    public string? General { get; private set; }

    public int Count => _byField.Count;

    /// <summary>True when nothing else is wrong than that the session has ended.</summary>
    public bool IsSignedOut { get; private init; }

    public bool HasAny => Count > 0 || General is not null;

    /// <summary>What is wrong with a field by its name in the request (<c>hub_config.region</c>); null when nothing is.</summary>
    public string? this[string field] => _byField.GetValueOrDefault(field);

    /// <summary>What is wrong with fields that share one line, each with its name where more than one is wrong; null when none is.</summary>
    public string? Together(params ReadOnlySpan<(string Field, string Label)> fields)
    {
        var wrong = new List<(string Label, string Message)>();
        foreach (var (field, label) in fields)
        {
            if (this[field] is { } message)
                wrong.Add((label, message));
        }

        return wrong.Count switch
        {
            0 => null,
            1 => wrong[0].Message,
            _ => string.Join(" ", wrong.Select(one => $"{one.Label}: {one.Message}")),
        };
    }

    /// <param name="fields">The fields that the form shows: what is wrong with others is said on top.</param>
    public static FormErrors Of(WireAnswer answer, IReadOnlyCollection<string> fields)
    {
        var errors = new FormErrors { IsSignedOut = answer.Status == 401 };
        if (answer.Status == 0)
        {
            errors.General = "The server is not answering. Nothing was saved; what you typed is still here.";
            return errors;
        }

        using var json = JsonDocument.Parse(answer.Body.Length > 0 ? answer.Body : "{}");
        var root = json.RootElement;
        if (!root.TryGetProperty("detail", out var detail))
        {
            errors.General = $"The server answered {answer.Status} without a reason.";
            return errors;
        }

        if (detail.ValueKind is not JsonValueKind.Array)
        {
            errors.Add(root.TryGetProperty("code", out var code) ? FieldOf(code.GetString()) : "", detail.GetString() ?? "", fields);
            return errors;
        }

        foreach (var one in detail.EnumerateArray())
        {
            var path = string.Join('.', one.GetProperty("loc").EnumerateArray().Skip(1).Select(step => step.ToString()));
            errors.Add(path, one.GetProperty("msg").GetString() ?? "", fields);
        }

        return errors;
    }

    /// <summary>The field that a refusal without fields is about; empty for the whole form.</summary>
    private static string FieldOf(string? code) => code is "name_taken" or "bad_name" ? "name" : "";

    /// <summary>What an operation refused that the page asked itself, in the same words as its route.</summary>
    internal static FormErrors Of(Refusal refusal, IReadOnlyCollection<string> fields)
    {
        var errors = new FormErrors { IsSignedOut = refusal.Reason is RefusalReason.Unauthenticated };
        if (refusal.Fields is not { Count: > 0 } wrong)
        {
            errors.Add(FieldOf(refusal.Code), refusal.Detail, fields);
            return errors;
        }

        foreach (var field in wrong)
            errors.Add(string.Join('.', field.Path.Skip(1)), field.Message, fields);
        return errors;
    }

    private void Add(string field, string message, IReadOnlyCollection<string> fields)
    {
        if (fields.Contains(field))
            _byField.TryAdd(field, message);
        else
            General = General is null ? Named(field, message) : $"{General} {Named(field, message)}";
    }

    private static string Named(string field, string message) => field.Length == 0 ? message : $"{field}: {message}";
}
