using Keypace.Domain;

namespace Keypace.Server.Management.Requests;

/// <summary>Collects what is wrong with a request, field by field, for one answer that says it all.</summary>
internal sealed class FieldProblems
{
    private readonly List<FieldRefusal> _fields = [];
    private string? _code;
    private Refusal? _other;

    /// <summary>One refusal for everything; null when nothing is wrong.</summary>
    public Refusal? Refusal => _other ?? (_fields.Count == 0
        ? null
        : new Refusal(RefusalReason.Invalid, _code ?? Domain.Refusal.InvalidField, string.Join(" ", _fields.Select(one => one.Message).Distinct()), Fields: _fields));

    public void Add(IReadOnlyList<string> path, string message, string type) => _fields.Add(new FieldRefusal(path, message, type));

    public void Add(Refusal refusal)
    {
        if (refusal is { Reason: RefusalReason.Invalid, Fields: { Count: > 0 } fields })
        {
            _fields.AddRange(fields);
            _code ??= refusal.Code == Domain.Refusal.InvalidField ? null : refusal.Code;
        }
        else
        {
            _other ??= refusal;
        }
    }

    /// <summary>The value, or null after noting the refusal.</summary>
    public T? Take<T>(Outcome<T> outcome)
        where T : class
    {
        if (outcome.TryGet(out var value, out var refusal))
            return value;
        Add(refusal);
        return null;
    }

    /// <summary>Notes a number that lies outside its bounds; null is inside.</summary>
    public void CheckRange(string field, long? number, long least, long most)
    {
        if (number < least || number > most)
            Add(["body", field], $"This lies between {least:N0} and {most:N0}.", "out_of_range");
    }
}
