using System.Text.Json;
using Keypace.Contracts;
using Microsoft.JSInterop;

namespace Keypace.Server.Web.Forms;

/// <summary>
/// What was typed into a dialog that was still open when the server or the session ended. The browser keeps it, for the page on which it was
/// typed and without secrets; the dialog asks for it when that page is back.
/// </summary>
internal static class Drafts
{
    /// <summary>The field in which an edit's form keeps the record as it was when the edit began: what differs from it is what was changed.</summary>
    public const string Before = "draft.before";

    /// <summary>Null when nothing was typed on this page.</summary>
    public static ValueTask<Dictionary<string, string>?> LoadAsync(IJSRuntime js, string name) =>
        js.InvokeAsync<Dictionary<string, string>?>("keypace.drafts.load", name);

    public static ValueTask ClearAsync(IJSRuntime js, string name) => js.InvokeVoidAsync("keypace.drafts.clear", name);

    /// <param name="record">As the routes give it, with masks in place of secrets; null for none.</param>
    public static string? Text<T>(T? record)
        where T : class => record is null ? null : JsonSerializer.Serialize(record, typeof(T), KeypaceJson.Default);

    /// <summary>The record that the edit began with; null when the draft holds none that can be read.</summary>
    public static T? RecordOf<T>(IReadOnlyDictionary<string, string> draft)
        where T : class
    {
        try
        {
            return draft.GetValueOrDefault(Before) is { Length: > 0 } text ? (T?)JsonSerializer.Deserialize(text, typeof(T), KeypaceJson.Default) : null;
        }
        catch (JsonException)
        {
            return null;   // somebody wrote into the browser's storage
        }
    }
}
