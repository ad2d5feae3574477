namespace Keypace.Server.Web.Forms;

/// <summary>
/// What is in a page's search field. While somebody types it is ahead of the URL: each letter goes into the URL by way of the browser, and what
/// comes back from there was typed some letters ago. Such an echo must not be put into the field, or the letters typed meanwhile are lost.
/// </summary>
internal sealed class TypedSearch
{
    /// <summary>More letters than this are never on their way at once, unless the browser has stopped answering.</summary>
    private const int MostOnTheirWay = 100;

    private readonly List<string> _onTheirWay = [];
    private string _inUrl = "";

    public string Text { get; private set; } = "";

    /// <summary>Somebody typed; the caller puts <see cref="Text"/> into the URL.</summary>
    public void Type(string? text)
    {
        Text = text ?? "";
        _onTheirWay.Add(Text);
        if (_onTheirWay.Count > MostOnTheirWay)
            _onTheirWay.RemoveAt(0);
    }

    /// <summary>The URL says this now: an echo of what was typed, or a place that somebody went to (a link, back and forward).</summary>
    public void Arrive(string? inUrl)
    {
        inUrl ??= "";
        if (inUrl == _inUrl)
            return;
        _inUrl = inUrl;
        var echo = _onTheirWay.IndexOf(inUrl);
        if (echo >= 0)
        {
            _onTheirWay.RemoveRange(0, echo + 1);
            return;
        }

        Text = inUrl;
        _onTheirWay.Clear();
    }
}
