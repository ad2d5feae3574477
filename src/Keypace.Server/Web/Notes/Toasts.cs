namespace Keypace.Server.Web.Notes;

/// <summary>Short notes at the bottom left of one open page, some with a way to take back what was done.</summary>
internal sealed class Toasts
{
    private readonly List<Toast> _all = [];

    public IReadOnlyList<Toast> All => _all;

    public event Action? Changed;

    public void Say(string text) => Add(new Toast(text, null, TimeSpan.FromSeconds(6)));

    /// <param name="undo">Takes the action back; offered for ten seconds.</param>
    public void SayWithUndo(string text, Func<Task> undo) => Add(new Toast(text, undo, TimeSpan.FromSeconds(10)));

    public void Remove(Toast toast)
    {
        if (_all.Remove(toast))
            Changed?.Invoke();
    }

    private void Add(Toast toast)
    {
        _all.Add(toast);
        Changed?.Invoke();
    }
}

/// <param name="Undo">Null where there is nothing to take back.</param>
/// <param name="Lasts">Then it goes by itself.</param>
internal sealed record Toast(string Text, Func<Task>? Undo, TimeSpan Lasts)
{
    // Each is its own, also two with the same words.
    public bool Equals(Toast? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
