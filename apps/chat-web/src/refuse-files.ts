/**
 * A file that is dropped on the page, or an image that is pasted, gets an answer. By itself, a browser would open a
 * dropped file in the place of the page, and say nothing of a pasted one.
 */
export function refuseFiles(onRefuse: () => void): void {
  document.addEventListener("dragover", (event) => {
    if (hasFiles(event.dataTransfer)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    onRefuse();
  });
  document.addEventListener("paste", ({ clipboardData }) => {
    // Text from some programs comes with a picture of it. Then the text is inserted.
    if (hasFiles(clipboardData) && clipboardData?.types.includes("text/plain") === false) onRefuse();
  });
}

function hasFiles(data: DataTransfer | null): boolean {
  return data?.types.includes("Files") === true;
}
