using System.Text.RegularExpressions;

namespace Keypace.Tests.Architecture;

public sealed partial class FormTests
{
    /// <summary>
    /// A form that is pressed before its script is there is sent by the browser itself: without a method as GET, which puts what was typed,
    /// passwords and secrets too, into the URL. <c>dialog</c> sends nothing.
    /// </summary>
    [Fact]
    public void No_form_puts_what_was_typed_into_the_url()
    {
        var forms = Directory.EnumerateFiles(Path.Combine(RoomTests.FindRoot(), "src", "Keypace.Server"), "*.razor", SearchOption.AllDirectories)
            .SelectMany(file => Form().Matches(File.ReadAllText(file)).Select(form => (File: Path.GetFileName(file), Tag: form.Value))).ToList();
        Assert.NotEmpty(forms);
        Assert.All(forms, form => Assert.True(form.Tag.Contains("method=\"dialog\"") || form.Tag.Contains("method=\"post\" action=\""), $"{form.File}: {form.Tag}"));
    }

    [GeneratedRegex("<form[^>]*>")]
    private static partial Regex Form();
}
